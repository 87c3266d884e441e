import { foldBatch, type Change } from '@order-pipeline/mongo';
import type { Handler } from '@order-pipeline/kafka';
import type { OrderMetrics } from './order-metrics.ts';
import type { OrderRepository } from './order-repository.ts';
import { recordFact, type Order } from './order.ts';

/** Every event of another service is one more fact about its order; no event follows from it, only the order's state. */
export function createOrderHandler({ store }: Pick<OrderRepository, 'store'>, metrics: OrderMetrics): Handler {
  const onSaved = (changes: readonly Change<Order>[]): void => {
    for (const { before, after } of changes) {
      if (before?.status === after.status) continue;
      metrics.entered.inc({ state: after.status });
      if (after.status === 'SHIPPED') {
        metrics.observeShipped((after.updated_at.getTime() - after.created_at.getTime()) / 1_000, after.traceparent);
      }
    }
  };
  return (events) =>
    foldBatch<Order>(events, {
      store,
      decide: (order, received) => {
        if (!order) throw new Error(`order ${received.event.data.order_id} is not known here`);
        return recordFact(order, received, new Date());
      },
      onSaved,
    });
}
