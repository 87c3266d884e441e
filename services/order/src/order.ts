/** An order: its document, with the set of facts that are known about it, and the decisions about it. */
import {
  factOf,
  parseTime,
  totalMinor,
  type EventOf,
  type OrderLine,
  type PipelineEvent,
  type ReceivedEvent,
} from '@order-pipeline/events';
import {
  inTimelineOrder,
  isCancellable,
  isFact,
  stateOf,
  timelineState,
  type OrderState,
} from '@order-pipeline/events/order-lifecycle';
import type { Decision, Versioned } from '@order-pipeline/mongo';

/** One step of the timeline: when it happened, with the partition and offset of its event. */
interface FactRecord {
  readonly time: string;
  readonly topic: string;
  /** Unknown for the events of this service until the relay has published them. */
  readonly partition?: number;
  readonly offset?: string;
  readonly reason?: string;
}

export type Facts = Readonly<Record<string, FactRecord>>;

export interface Order extends Versioned {
  readonly status: OrderState;
  readonly customer_id: string;
  readonly items: readonly OrderLine[];
  readonly shipping_address: string;
  readonly total_minor: number;
  readonly currency: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly facts: Facts;
  /** Why the order did not ship. */
  readonly reason?: string;
  readonly idempotency_key?: string;
  /** Of the request's body: distinguishes a repeated request from another one with the same key. */
  readonly request_hash?: string;
  readonly traceparent?: string;
}

export interface Placement {
  readonly orderId: string;
  readonly now: Date;
  readonly customer_id: string;
  readonly items: readonly OrderLine[];
  readonly shipping_address: string;
  readonly currency: string;
  readonly idempotencyKey?: string;
  readonly requestHash?: string;
  readonly traceparent?: string;
}

/** A new version of an order, and the event that follows from it. */
export interface OrderWithEvent<T extends 'order_placed' | 'order_cancelled'> {
  readonly order: Order;
  readonly event: EventOf<T>;
}

export function placeOrder(placement: Placement): OrderWithEvent<'order_placed'> {
  const { orderId, now, customer_id, items, shipping_address, currency, traceparent } = placement;
  const timestamp = now.toISOString();
  const total = totalMinor(items);
  const event: EventOf<'order_placed'> = {
    type: 'order_placed',
    data: {
      order_id: orderId,
      status: 'PENDING',
      timestamp,
      customer_id,
      items: [...items],
      shipping_address,
      total_minor: total,
      currency,
    },
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  const order: Order = {
    _id: orderId,
    version: 0,
    status: 'PENDING',
    customer_id,
    items,
    shipping_address,
    total_minor: total,
    currency,
    created_at: now,
    updated_at: now,
    facts: { [factOf(event)]: { time: timestamp, topic: event.type } },
    ...(placement.requestHash === undefined ? {} : { request_hash: placement.requestHash }),
    ...(placement.idempotencyKey === undefined ? {} : { idempotency_key: placement.idempotencyKey }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return { order, event };
}

const reasonOf = ({ data }: PipelineEvent): string | undefined => ('reason' in data ? data.reason : undefined);

/** Like the state, the reason does not depend on the order of events: the payment's, else the inventory's. */
const reasonIn = (facts: Facts): string | undefined =>
  facts['payment_processed:DECLINED']?.reason ??
  facts['payment_processed:REFUNDED']?.reason ??
  facts['inventory_updated:REJECTED']?.reason;

const namesOf = (facts: Facts): ReadonlySet<string> => new Set(Object.keys(facts));

/** Records an event of another service as one more fact, once. */
export function recordFact(
  order: Order,
  { event, topic, partition, offset }: ReceivedEvent,
  now: Date,
): Decision<Order> {
  const fact = factOf(event);
  if (Object.hasOwn(order.facts, fact)) return { outcome: 'repeated', events: [] };
  const reason = reasonOf(event);
  const facts: Facts = {
    ...order.facts,
    [fact]: { time: event.data.timestamp, topic, partition, offset, ...(reason === undefined ? {} : { reason }) },
  };
  const why = reasonIn(facts);
  return {
    outcome: 'accepted',
    document: {
      ...order,
      facts,
      status: stateOf(namesOf(facts)),
      updated_at: now,
      ...(why === undefined ? {} : { reason: why }),
    },
    events: [],
  };
}

export type Cancellation =
  | ({ readonly outcome: 'accepted' } & OrderWithEvent<'order_cancelled'>)
  | { readonly outcome: 'repeated' }
  | { readonly outcome: 'refused'; readonly state: OrderState };

/** A customer may cancel until the parcel has left; whether it has, only the shipment service decides. */
export function cancelOrder(order: Order, now: Date): Cancellation {
  if (order.status === 'CANCELLING' || order.status === 'CANCELLED') return { outcome: 'repeated' };
  if (!isCancellable(order.status)) return { outcome: 'refused', state: order.status };
  const event: EventOf<'order_cancelled'> = {
    type: 'order_cancelled',
    data: { order_id: order._id, status: 'CANCELLING', timestamp: now.toISOString() },
    ...(order.traceparent === undefined ? {} : { traceparent: order.traceparent }),
  };
  const facts = { ...order.facts, [factOf(event)]: { time: event.data.timestamp, topic: event.type } };
  return { outcome: 'accepted', order: { ...order, facts, status: stateOf(namesOf(facts)), updated_at: now }, event };
}

export interface TimelineStep extends FactRecord {
  readonly state: ReturnType<typeof timelineState>;
}

/** The facts as steps in the order in which they became true, without those of a newer release. */
export const timelineOf = (facts: Facts): TimelineStep[] =>
  inTimelineOrder(Object.entries(facts), ([fact, { time }]) => ({ fact, timeMs: parseTime(time).getTime() })).flatMap(
    ([fact, record]) => (isFact(fact) ? [{ state: timelineState(fact), ...record }] : []),
  );
