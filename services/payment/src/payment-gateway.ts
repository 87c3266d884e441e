import { OutageError } from '@order-pipeline/resilience';

/**
 * The port to the payment provider. Every call is idempotent by a key derived from the order id, so a call whose response
 * was lost is repeated.
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
  /** Nothing was charged, and every later charge is refused. */
  | { readonly outcome: 'nothing-charged' }
  /** The gateway cannot refund the charge: an operator has to act. */
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
