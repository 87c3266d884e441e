/**
 * The built-in gateway: deterministic rules, a durable ledger, and configured failures. It stands for a remote system, so
 * it shares only the port with the payment service.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChargeRow, GatewayLedger } from './gateway-ledger.ts';
import { GatewayOutageError, type ChargeResult, type PaymentGateway, type VoidResult } from './payment-gateway.ts';

export interface SimulatedGatewaySettings {
  readonly latencyMs: number;
  /** Amounts above are declined. */
  readonly declineOverMinor: number;
  /** Customers whose id starts with it are declined. */
  readonly declineCustomerPrefix: string;
  /** Customers whose id starts with it are charged, but never refunded. */
  readonly refuseRefundCustomerPrefix: string;
  /** Share of calls, 0 to 1, that fail before they take effect. */
  readonly failureRate: number;
  /** Share of calls, 0 to 1, that time out after they took effect. */
  readonly lostAnswerRate: number;
}

export function createSimulatedGateway(
  ledger: GatewayLedger,
  settings: SimulatedGatewaySettings,
  { now = () => new Date(), random = Math.random }: { now?: () => Date; random?: () => number } = {},
): PaymentGateway {
  const respond = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    if (settings.latencyMs > 0) await delay(settings.latencyMs);
    if (random() < settings.failureRate) throw new GatewayOutageError('the gateway failed');
    const result = await call();
    if (random() < settings.lostAnswerRate) throw new GatewayOutageError('the gateway did not answer in time');
    return result;
  };

  const declineReason = (customerId: string, amountMinor: number): string | undefined => {
    if (customerId.startsWith(settings.declineCustomerPrefix)) return 'CUSTOMER_DECLINED';
    return amountMinor > settings.declineOverMinor ? 'AMOUNT_OVER_LIMIT' : undefined;
  };

  return {
    charge: ({ orderId, customerId, amountMinor, currency }) =>
      respond(async (): Promise<ChargeResult> => {
        const reason = declineReason(customerId, amountMinor);
        const row = await ledger.record<ChargeRow>({
          _id: `${orderId}:charge`,
          order_id: orderId,
          kind: 'charge',
          outcome: reason === undefined ? 'captured' : 'declined',
          amount_minor: amountMinor,
          currency,
          customer_id: customerId,
          ...(reason === undefined ? {} : { reason }),
          at: now(),
        });
        if (row.outcome === 'captured') return { outcome: 'captured', amountMinor: row.amount_minor };
        return { outcome: 'declined', reason: row.reason ?? 'ORDER_CANCELLED' };
      }),

    void: (orderId) =>
      respond(async (): Promise<VoidResult> => {
        const charge = await ledger.record<ChargeRow>({
          _id: `${orderId}:charge`,
          order_id: orderId,
          kind: 'charge',
          outcome: 'voided',
          amount_minor: 0,
          at: now(),
        });
        if (charge.outcome !== 'captured') return { outcome: 'nothing-charged' };
        const { amount_minor: amountMinor, customer_id: customerId = '' } = charge;
        if (customerId.startsWith(settings.refuseRefundCustomerPrefix)) {
          return { outcome: 'refused', amountMinor, reason: 'REFUND_REFUSED' };
        }
        await ledger.record({
          _id: `${orderId}:refund`,
          order_id: orderId,
          kind: 'refund',
          amount_minor: amountMinor,
          at: now(),
        });
        return { outcome: 'refunded', amountMinor };
      }),
  };
}
