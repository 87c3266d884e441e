import type { Handler } from '@order-pipeline/kafka';
import { foldBatch, type Change, type Decide, type DocumentStore } from '@order-pipeline/mongo';
import { backoffMs, isOutage, wait } from '@order-pipeline/resilience';
import { afterCharge, afterVoid, movesMoney, nextStep, type Payment } from './payment.ts';
import type { PaymentGateway } from './payment-gateway.ts';

export interface PaymentHandlerOptions {
  readonly store: DocumentStore<Payment>;
  readonly gateway: PaymentGateway;
  readonly onRefundRefused: (payment: Payment) => void;
}

const gatewayBackoff = { firstMs: 20, maxMs: 500 };
const maxGatewayAttempts = 8;

export function createPaymentHandler({ store, gateway, onRefundRefused }: PaymentHandlerOptions): Handler {
  const decide: Decide<Payment> = async (payment, { event }) => {
    const step = nextStep(payment, event);
    switch (step.call) {
      case 'none':
        return step.decision;
      case 'charge':
        return afterCharge(step.event, await withRetries(() => gateway.charge(step.request)), new Date());
      case 'void': {
        const result = await withRetries(() => gateway.void(event.data.order_id));
        return afterVoid(payment, step.event, step.reason, result, new Date());
      }
    }
  };
  const onSaved = (changes: readonly Change<Payment>[]): void => {
    for (const { after } of changes) if (after.status === 'REFUNDING') onRefundRefused(after);
  };
  return (events) =>
    foldBatch(
      events.filter(({ event }) => movesMoney(event)),
      { store, decide, onSaved },
    );
}

/** Repeats a call that failed on its own; when the gateway stays unavailable, the whole batch waits. */
async function withRetries<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isOutage(error) || attempt + 1 === maxGatewayAttempts) throw error;
      await wait(backoffMs(gatewayBackoff, attempt));
    }
  }
}
