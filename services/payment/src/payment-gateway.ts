import { OutageError } from '@order-pipeline/resilience';

/**
 * The port to whoever moves the money. Every call is idempotent by a key made of the order id, so a call whose answer was
 * lost is simply made again.
 */
export interface ChargeRequest {
  readonly orderId: string;
  readonly customerId: string;
  readonly amountMinor: number;
  readonly currency: string;
}

export type ChargeResult =
  | { readonly outcome: 'captured'; readonly amountMinor: number }
  | { readonly outcome: 'declined'; readonly reason: string };

export type VoidResult =
  | { readonly outcome: 'refunded'; readonly amountMinor: number }
  /** Nothing was charged, and nothing ever will be. */
  | { readonly outcome: 'nothing-charged' }
  /** The money cannot be given back this way: somebody has to look. */
  | { readonly outcome: 'refused'; readonly amountMinor: number; readonly reason: string };

export interface PaymentGateway {
  /** Under the key `<order_id>:charge`. Rejects with a GatewayOutageError when it is not known whether money moved. */
  charge(request: ChargeRequest): Promise<ChargeResult>;
  /** Refunds what was charged, under the key `<order_id>:refund`, and refuses every later charge of the order. */
  void(orderId: string): Promise<VoidResult>;
}

/** The gateway did not answer, or not in time: it is unknown whether money moved. */
export class GatewayOutageError extends OutageError {
  constructor(reason: string) {
    super('payment gateway', reason);
  }
}
