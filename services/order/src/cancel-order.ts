/** A customer's cancellation of an order: stored with its event, then published; the shipment service decides on it. */
import type { Relay } from '@order-pipeline/outbox';
import type { OrderMetrics } from './order-metrics.ts';
import type { OrderRepository } from './order-repository.ts';
import { cancelOrder, type Order } from './order.ts';

export interface CancelOrderPorts {
  readonly repository: Pick<OrderRepository, 'find' | 'saveWithEvent'>;
  readonly relay: Pick<Relay, 'push'>;
  readonly metrics: Pick<OrderMetrics, 'entered'>;
}

type CancelOrderResult =
  /** The order is CANCELLING, or CANCELLED already. */
  | { readonly outcome: 'accepted'; readonly order: Order }
  /** In its state it can no longer be cancelled. */
  | { readonly outcome: 'refused'; readonly order: Order }
  | { readonly outcome: 'unknown-order' }
  /** Each attempt met another change of the order. */
  | { readonly outcome: 'conflict' };

export type CancelOrder = (orderId: string) => Promise<CancelOrderResult>;

const maxAttempts = 20;

export function createCancelOrder({ repository, relay, metrics }: CancelOrderPorts): CancelOrder {
  return async (orderId) => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const order = await repository.find(orderId);
      if (!order) return { outcome: 'unknown-order' };
      const cancellation = cancelOrder(order, new Date());
      if (cancellation.outcome === 'refused') return { outcome: 'refused', order };
      if (cancellation.outcome === 'repeated') return { outcome: 'accepted', order };
      if (await repository.saveWithEvent(order, cancellation.order, cancellation.event)) {
        relay.push([cancellation.event]);
        metrics.entered.inc({ state: 'CANCELLING' });
        return { outcome: 'accepted', order: cancellation.order };
      }
    }
    return { outcome: 'conflict' };
  };
}
