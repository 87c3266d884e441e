/**
 * An order as the set of facts that are known about it. Facts of different topics arrive in any order, late and twice;
 * the state is judged from all of them, never from the latest, so no order moves backwards.
 */
import { factOf, totalMinor, type EventOf, type OrderLine, type PipelineEvent } from '@order-pipeline/events';
import type { ReceivedEvent } from '@order-pipeline/events';
import type { Decision, Versioned } from '@order-pipeline/mongo';

/** The legal steps. An end has none. */
export const transitions = {
  PENDING: ['PAID', 'PAYMENT_DECLINED', 'CANCELLING'],
  PAID: ['RESERVED', 'REFUNDING', 'CANCELLING'],
  RESERVED: ['SHIPPED', 'CANCELLING'],
  REFUNDING: ['REFUNDED'],
  CANCELLING: ['CANCELLED', 'SHIPPED'],
  SHIPPED: [],
  PAYMENT_DECLINED: [],
  REFUNDED: [],
  CANCELLED: [],
} as const satisfies Record<string, readonly string[]>;

export type OrderState = keyof typeof transitions;
export const orderStates = Object.keys(transitions) as OrderState[];
export const isEnd = (state: OrderState): boolean => transitions[state].length === 0;
export const openStates = orderStates.filter((state) => !isEnd(state));

/** Whether legal steps lead from one state to the other; every state can reach itself. */
export const canReach = (from: OrderState, to: OrderState): boolean =>
  from === to || transitions[from].some((next) => canReach(next, to));

/** One step of the timeline: when it became true and where its event stands. */
export interface FactRecord {
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
  /** Why it ended otherwise than SHIPPED. */
  readonly reason?: string;
  readonly idempotency_key?: string;
  /** Of the request's body: tells a repeated request from another one under the same key. */
  readonly request_hash?: string;
  readonly traceparent?: string;
}

/** The state that a fact alone stands for, and the timeline's name for it. */
export const stateOfFact: Readonly<Record<string, OrderState | 'RELEASED'>> = {
  'order_placed:PENDING': 'PENDING',
  'payment_processed:COMPLETED': 'PAID',
  'payment_processed:DECLINED': 'PAYMENT_DECLINED',
  'inventory_updated:RESERVED': 'RESERVED',
  'inventory_updated:REJECTED': 'REFUNDING',
  'payment_processed:REFUNDED': 'REFUNDED',
  'order_cancelled:CANCELLING': 'CANCELLING',
  'inventory_updated:RELEASED': 'RELEASED',
  'shipment_processed:CANCELLED': 'CANCELLED',
  'shipment_processed:SHIPPED': 'SHIPPED',
};

/** The state that a set of facts amounts to, whatever order they came in. */
export function judge(facts: Facts): OrderState {
  const has = (fact: string): boolean => Object.hasOwn(facts, fact);
  const declined = has('payment_processed:DECLINED');
  const refunded = has('payment_processed:REFUNDED');
  if (has('shipment_processed:SHIPPED')) return 'SHIPPED';
  if (has('shipment_processed:CANCELLED') && (declined || refunded)) return 'CANCELLED';
  if (has('shipment_processed:CANCELLED') || has('order_cancelled:CANCELLING')) return 'CANCELLING';
  if (declined) return 'PAYMENT_DECLINED';
  if (refunded) return 'REFUNDED';
  if (has('inventory_updated:REJECTED')) return 'REFUNDING';
  if (has('inventory_updated:RESERVED')) return 'RESERVED';
  return has('payment_processed:COMPLETED') ? 'PAID' : 'PENDING';
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

export interface Told<T extends 'order_placed' | 'order_cancelled'> {
  readonly order: Order;
  readonly event: EventOf<T>;
}

export function placeOrder(placement: Placement): Told<'order_placed'> {
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

/** What an order service makes of an event of another service: one more fact, known once. */
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
    document: { ...order, facts, status: judge(facts), updated_at: now, ...(why === undefined ? {} : { reason: why }) },
    events: [],
  };
}

/** Like the state, the reason does not depend on what came first: the payment's word, else the inventory's. */
const reasonIn = (facts: Facts): string | undefined =>
  facts['payment_processed:DECLINED']?.reason ??
  facts['payment_processed:REFUNDED']?.reason ??
  facts['inventory_updated:REJECTED']?.reason;

const reasonOf = ({ data }: PipelineEvent): string | undefined => ('reason' in data ? data.reason : undefined);

export type Cancellation =
  | ({ readonly outcome: 'accepted' } & Told<'order_cancelled'>)
  | { readonly outcome: 'repeated' }
  | { readonly outcome: 'refused'; readonly state: OrderState };

/** A customer may cancel until the parcel has gone; whether it has, the shipment service alone decides. */
export function cancelOrder(order: Order, now: Date): Cancellation {
  if (order.status === 'CANCELLING' || order.status === 'CANCELLED') return { outcome: 'repeated' };
  if (!canReach(order.status, 'CANCELLING')) return { outcome: 'refused', state: order.status };
  const event: EventOf<'order_cancelled'> = {
    type: 'order_cancelled',
    data: { order_id: order._id, status: 'CANCELLING', timestamp: now.toISOString() },
    ...(order.traceparent === undefined ? {} : { traceparent: order.traceparent }),
  };
  const facts = { ...order.facts, [factOf(event)]: { time: event.data.timestamp, topic: event.type } };
  return { outcome: 'accepted', order: { ...order, facts, status: judge(facts), updated_at: now }, event };
}

export interface TimelineStep extends FactRecord {
  readonly state: OrderState | 'RELEASED';
}

/** The facts as steps in the order in which they became true; equal times in the order of the table above. */
export function timelineOf(facts: Facts): TimelineStep[] {
  const rank = Object.keys(stateOfFact);
  return Object.entries(facts)
    .flatMap(([fact, record]) => {
      const state = stateOfFact[fact];
      return state === undefined ? [] : [{ fact, step: { state, ...record } }];
    })
    .toSorted(
      (a, b) => Date.parse(a.step.time) - Date.parse(b.step.time) || rank.indexOf(a.fact) - rank.indexOf(b.fact),
    )
    .map(({ step }) => step);
}
