/** What an open order waits for, judged from what each service has stored about it. Pure. */
import { services, type EventType } from '@order-pipeline/events';
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

const nothing: Waiting = { on: 'nothing' };

export function waitingOf(known: Known): Waiting {
  const { order, payment, reservation, shipment } = known;
  switch (order.status) {
    case 'PENDING':
      return payment ? toldBy(known, 'payment_processed') : workedOff(known, services.payment, 'order_placed:PENDING');
    case 'PAID':
      return reservation?.reserved
        ? toldBy(known, 'inventory_updated')
        : workedOff(known, services.inventory, 'payment_processed:COMPLETED');
    case 'RESERVED':
      return shipment
        ? parcelLeaves(known, shipment)
        : workedOff(known, services.shipment, 'inventory_updated:RESERVED');
    case 'REFUNDING':
      return moneyReturns(known, 'inventory_updated:REJECTED');
    case 'CANCELLING':
      if (!shipment || shipment.status === 'PROCESSING') {
        return workedOff(known, services.shipment, 'order_cancelled:CANCELLING');
      }
      if (shipment.status === 'SHIPPED') return parcelLeaves(known, shipment);
      return Object.hasOwn(order.facts, 'shipment_processed:CANCELLED')
        ? moneyReturns(known, 'shipment_processed:CANCELLED')
        : toldBy(known, 'shipment_processed');
    default:
      return nothing;
  }
}

/** A service that has to work off a fact which the order service knows, or has told itself. */
function workedOff({ order }: Known, { consumerGroup }: { consumerGroup: string }, fact: string): Waiting {
  const unpublished = order.outbox?.find((entry) => entry.fact === fact);
  if (unpublished) return { on: 'relay', service: services.order.name, fact, since: unpublished.at };
  const topic = fact.slice(0, fact.indexOf(':')) as EventType;
  const { partition, offset } = { ...order.facts[fact], ...order.published?.[fact] };
  return { on: 'group', group: consumerGroup, topic, place: place(partition, offset) };
}

/** A service has decided, and the order service has not heard of it yet. */
const toldBy = ({ order }: Known, topic: EventType): Waiting => ({
  on: 'group',
  group: services.order.consumerGroup,
  topic,
  place: place(partitionOf(order)),
});

function parcelLeaves(known: Known, shipment: StoredShipment): Waiting {
  if (shipment.status === 'PROCESSING') return { on: 'timer', due: shipment.due_at };
  const [unpublished] = shipment.outbox ?? [];
  if (!unpublished) return toldBy(known, 'shipment_processed');
  return { on: 'relay', service: services.shipment.name, fact: unpublished.fact, since: unpublished.at };
}

function moneyReturns(known: Known, because: string): Waiting {
  const { payment } = known;
  if (payment?.status === 'REFUNDING') return { on: 'refused refund', reason: payment.reason ?? 'no reason given' };
  return payment?.compensated ? toldBy(known, 'payment_processed') : workedOff(known, services.payment, because);
}

/** One key, one partitioner: an order has the same partition in every topic. */
const partitionOf = ({ facts, published }: StoredOrder): number | undefined =>
  [...Object.values(facts), ...Object.values(published ?? {})].find(({ partition }) => partition !== undefined)
    ?.partition;

const place = (partition: number | undefined, offset?: string): Place => ({
  ...(partition === undefined ? {} : { partition }),
  ...(offset === undefined ? {} : { offset }),
});
