import { Histogram, type Registry } from '@order-pipeline/runtime';
import type { PaymentGateway } from './payment-gateway.ts';

/** Present from the start, so that the first failure shows as an increase. */
const outcomesOf = {
  charge: ['captured', 'declined', 'failed'],
  void: ['refunded', 'nothing-charged', 'refused', 'failed'],
};

/** Measures the duration of each call of a gateway by operation and outcome. */
export function measured(gateway: PaymentGateway, registry: Registry): PaymentGateway {
  const seconds = new Histogram({
    name: 'payment_gateway_call_duration_seconds',
    help: 'Duration of payment gateway calls, by operation and outcome.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  for (const [operation, outcomes] of Object.entries(outcomesOf)) {
    for (const outcome of outcomes) seconds.zero({ operation, outcome });
  }
  const timed = async <Result extends { readonly outcome: string }>(
    operation: 'charge' | 'void',
    call: () => Promise<Result>,
  ): Promise<Result> => {
    const stop = seconds.startTimer({ operation });
    try {
      const result = await call();
      stop({ outcome: result.outcome });
      return result;
    } catch (error) {
      stop({ outcome: 'failed' });
      throw error;
    }
  };
  return {
    charge: (request) => timed('charge', () => gateway.charge(request)),
    void: (orderId) => timed('void', () => gateway.void(orderId)),
  };
}
