/** What an open order waits for, judged from what each service has stored about it. Pure. */
import { services, type EventType } from '@order-pipeline/events';
import { awaitedStep, type AwaitedStep } from '@order-pipeline/events/order-lifecycle';
import type { Order, Shipment } from '../documents.ts';
import type { OrderDocuments } from './order-documents.ts';

/** Where a record is, as far as that is known. */
interface RecordPosition {
  readonly partition?: number;
  readonly offset?: string;
}

export type Waiting =
  | { readonly on: 'nothing' }
  /** The event is stored, and not published yet. */
  | { readonly on: 'relay'; readonly service: string; readonly fact: string; readonly since: Date }
  /** A consumer group has not processed a record yet. */
  | { readonly on: 'group'; readonly group: string; readonly topic: EventType; readonly position: RecordPosition }
  | { readonly on: 'timer'; readonly due: Date }
  | { readonly on: 'refused refund'; readonly reason: string };

export function waitingOf(documents: OrderDocuments): Waiting {
  const { order, payment, reservation, shipment } = documents;
  const step = awaitedStep(order.status, new Set(Object.keys(order.facts)));
  if (!step) return { on: 'nothing' };
  switch (step.fact) {
    case 'order_placed:PENDING':
      return payment ? onOrderService(order, step) : onService(order, step);
    case 'payment_processed:COMPLETED':
      return reservation?.reserved ? onOrderService(order, step) : onService(order, step);
    case 'inventory_updated:RESERVED':
      return shipment ? onParcel(order, step, shipment) : onService(order, step);
    case 'order_cancelled:CANCELLING':
      if (!shipment || shipment.status === 'PROCESSING') return onService(order, step);
      return shipment.status === 'SHIPPED' ? onParcel(order, step, shipment) : onOrderService(order, step);
    default:
      return onRefund(documents, step);
  }
}

/** The awaited service has not processed the fact, or the order service has not published it yet. */
function onService(order: Order, { service, fact, topic }: AwaitedStep): Waiting {
  const unpublished = order.outbox?.find((entry) => entry.fact === fact);
  if (unpublished) return { on: 'relay', service: services.order.name, fact, since: unpublished.at };
  const { partition, offset } = { ...order.facts[fact], ...order.published?.[fact] };
  return { on: 'group', group: services[service].consumerGroup, topic, position: position(partition, offset) };
}

/** The awaited service has decided, and the order service does not know the outcome yet. */
function onOrderService(order: Order, { outcomeTopic }: AwaitedStep): Waiting {
  const { consumerGroup } = services.order;
  return { on: 'group', group: consumerGroup, topic: outcomeTopic, position: position(partitionOf(order)) };
}

function onParcel(order: Order, step: AwaitedStep, shipment: Shipment): Waiting {
  if (shipment.status === 'PROCESSING') return { on: 'timer', due: shipment.due_at };
  const [unpublished] = shipment.outbox ?? [];
  if (!unpublished) return onOrderService(order, step);
  return { on: 'relay', service: services.shipment.name, fact: unpublished.fact, since: unpublished.at };
}

function onRefund({ order, payment }: OrderDocuments, step: AwaitedStep): Waiting {
  if (payment?.status === 'REFUNDING') return { on: 'refused refund', reason: payment.reason ?? 'no reason given' };
  return payment?.compensated ? onOrderService(order, step) : onService(order, step);
}

/** Events have one key and one partitioner: an order has the same partition in every topic. */
function partitionOf({ facts, published }: Order): number | undefined {
  const records = [...Object.values(facts), ...Object.values(published ?? {})];
  return records.find(({ partition }) => partition !== undefined)?.partition;
}

function position(partition: number | undefined, offset?: string): RecordPosition {
  return { ...(partition === undefined ? {} : { partition }), ...(offset === undefined ? {} : { offset }) };
}
