/** What an open order waits for: which consumer group has to work off which topic. */
import { services, type EventType } from '@order-pipeline/events';
import type { Facts, Order } from './order.ts';

export interface AwaitedStep {
  readonly consumerGroup: string;
  /** Where the event stands that the group has to work off. */
  readonly topic: EventType;
  /** Where this service hears that it did. */
  readonly answeredOn: EventType;
}

/** An order as it is stored, of its outbox only which facts are in it. */
export type WaitingOrder = Pick<Order, 'status' | 'facts'> & {
  readonly outbox?: readonly { readonly fact: string }[];
};

/** Stands for a consumer group where the event is stored and not published yet: then no group can have it. */
export const ownOutbox = 'outbox';

const { payment, inventory, shipment } = services;
const byPayment = { consumerGroup: payment.consumerGroup, answeredOn: 'payment_processed' } as const;
const byInventory = { consumerGroup: inventory.consumerGroup, answeredOn: 'inventory_updated' } as const;
const byShipment = { consumerGroup: shipment.consumerGroup, answeredOn: 'shipment_processed' } as const;

/** Undefined at an end: nothing follows from it. */
export function awaitedStep({ status, facts, outbox }: WaitingOrder): AwaitedStep | undefined {
  const step = stepIn(status, facts);
  const isUnpublished = outbox?.some(({ fact }) => fact.startsWith(`${step?.topic}:`)) ?? false;
  return step && isUnpublished ? { ...step, consumerGroup: ownOutbox } : step;
}

function stepIn(status: Order['status'], facts: Facts): AwaitedStep | undefined {
  switch (status) {
    case 'PENDING':
      return { ...byPayment, topic: 'order_placed' };
    case 'PAID':
      return { ...byInventory, topic: 'payment_processed' };
    case 'RESERVED':
      return { ...byShipment, topic: 'inventory_updated' };
    case 'REFUNDING':
      return { ...byPayment, topic: 'inventory_updated' };
    case 'CANCELLING':
      return Object.hasOwn(facts, 'shipment_processed:CANCELLED')
        ? { ...byPayment, topic: 'shipment_processed' }
        : { ...byShipment, topic: 'order_cancelled' };
    default:
      return undefined;
  }
}
