/** What an open order waits for: which consumer group has to work off which topic. */
import { services, type EventType } from '@order-pipeline/events';
import type { Order } from './order.ts';

export interface AwaitedStep {
  readonly consumerGroup: string;
  /** Where the event stands that the group has to work off. */
  readonly topic: EventType;
}

const { payment, inventory, shipment } = services;

/** Undefined at an end: nothing follows from it. */
export function awaitedStep({ status, facts }: Pick<Order, 'status' | 'facts'>): AwaitedStep | undefined {
  switch (status) {
    case 'PENDING':
      return { consumerGroup: payment.consumerGroup, topic: 'order_placed' };
    case 'PAID':
      return { consumerGroup: inventory.consumerGroup, topic: 'payment_processed' };
    case 'RESERVED':
      return { consumerGroup: shipment.consumerGroup, topic: 'inventory_updated' };
    case 'REFUNDING':
      return { consumerGroup: payment.consumerGroup, topic: 'inventory_updated' };
    case 'CANCELLING':
      return Object.hasOwn(facts, 'shipment_processed:CANCELLED')
        ? { consumerGroup: payment.consumerGroup, topic: 'shipment_processed' }
        : { consumerGroup: shipment.consumerGroup, topic: 'order_cancelled' };
    default:
      return undefined;
  }
}
