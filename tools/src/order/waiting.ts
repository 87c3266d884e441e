/** What an open order waits for, judged from what each service has stored about it. Pure. */
import { services, type EventType } from '@order-pipeline/events';
import { awaitedStep, type AwaitedStep } from '@order-pipeline/events/order-lifecycle';
import type { Payment, Reservation, StoredOrder, StoredShipment } from '../databases.ts';

export interface Known {
  readonly order: StoredOrder;
  readonly payment: Payment | undefined;
  readonly reservation: Reservation | undefined;
  readonly shipment: StoredShipment | undefined;
}

/** Where a record stands, as far as it is known. */
export interface Place {
  readonly partition?: number;
  readonly offset?: string;
}

export type Waiting =
  | { readonly on: 'nothing' }
  /** The event is stored, and not published yet. */
  | { readonly on: 'relay'; readonly service: string; readonly fact: string; readonly since: Date }
  /** A consumer group has a record before it. */
  | { readonly on: 'group'; readonly group: string; readonly topic: EventType; readonly place: Place }
  | { readonly on: 'timer'; readonly due: Date }
  | { readonly on: 'refused refund'; readonly reason: string };

export function waitingOf(known: Known): Waiting {
  const { order, payment, reservation, shipment } = known;
  const step = awaitedStep(order.status, new Set(Object.keys(order.facts)));
  if (!step) return { on: 'nothing' };
  switch (step.fact) {
    case 'order_placed:PENDING':
      return payment ? onOrderService(known, step) : onService(known, step);
    case 'payment_processed:COMPLETED':
      return reservation?.reserved ? onOrderService(known, step) : onService(known, step);
    case 'inventory_updated:RESERVED':
      return shipment ? onParcel(known, step, shipment) : onService(known, step);
    case 'order_cancelled:CANCELLING':
      if (!shipment || shipment.status === 'PROCESSING') return onService(known, step);
      return shipment.status === 'SHIPPED' ? onParcel(known, step, shipment) : onOrderService(known, step);
    default:
      return onRefund(known, step);
  }
}

/** The awaited service has not processed the fact, or the order service has not published it yet. */
function onService({ order }: Known, { service, fact, topic }: AwaitedStep): Waiting {
  const unpublished = order.outbox?.find((entry) => entry.fact === fact);
  if (unpublished) return { on: 'relay', service: services.order.name, fact, since: unpublished.at };
  const { partition, offset } = { ...order.facts[fact], ...order.published?.[fact] };
  return { on: 'group', group: services[service].consumerGroup, topic, place: place(partition, offset) };
}

/** The awaited service has decided, and the order service does not know the outcome yet. */
const onOrderService = ({ order }: Known, { outcomeTopic }: AwaitedStep): Waiting => ({
  on: 'group',
  group: services.order.consumerGroup,
  topic: outcomeTopic,
  place: place(partitionOf(order)),
});

function onParcel(known: Known, step: AwaitedStep, shipment: StoredShipment): Waiting {
  if (shipment.status === 'PROCESSING') return { on: 'timer', due: shipment.due_at };
  const [unpublished] = shipment.outbox ?? [];
  if (!unpublished) return onOrderService(known, step);
  return { on: 'relay', service: services.shipment.name, fact: unpublished.fact, since: unpublished.at };
}

function onRefund(known: Known, step: AwaitedStep): Waiting {
  const { payment } = known;
  if (payment?.status === 'REFUNDING') return { on: 'refused refund', reason: payment.reason ?? 'no reason given' };
  return payment?.compensated ? onOrderService(known, step) : onService(known, step);
}

/** One key, one partitioner: an order has the same partition in every topic. */
const partitionOf = ({ facts, published }: StoredOrder): number | undefined =>
  [...Object.values(facts), ...Object.values(published ?? {})].find(({ partition }) => partition !== undefined)
    ?.partition;

const place = (partition: number | undefined, offset?: string): Place => ({
  ...(partition === undefined ? {} : { partition }),
  ...(offset === undefined ? {} : { offset }),
});
