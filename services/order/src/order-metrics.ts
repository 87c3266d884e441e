import { orderStates } from '@order-pipeline/events/order-lifecycle';
import { Counter, tracedHistogram, type ObserveSeconds, type Registry } from '@order-pipeline/runtime';

export interface OrderMetrics {
  readonly entered: Counter<'state'>;
  /** From accepting an order to recording that it has shipped. */
  readonly observeShipped: ObserveSeconds;
}

export function createOrderMetrics(registry: Registry): OrderMetrics {
  const entered = new Counter({
    name: 'orders_total',
    help: 'Orders that entered a state.',
    labelNames: ['state'],
    registers: [registry],
  });
  for (const state of orderStates) entered.inc({ state }, 0);
  const observeShipped = tracedHistogram(registry, {
    name: 'order_placed_to_shipped_seconds',
    help: 'Time from accepting an order to recording that it has shipped.',
    buckets: [0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  });
  return { entered, observeShipped };
}
