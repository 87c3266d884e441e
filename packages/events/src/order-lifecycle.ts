/**
 * The lifecycle of an order: which facts there are, which state a set of facts amounts to, which transitions are legal,
 * and which step an open order waits for. Events of different topics arrive in any order, late and repeatedly; the state
 * follows from the set of known facts, never from the latest of them, so no order moves backwards.
 *
 * Pure, and without imports at run time: the dashboard's page bundles this file.
 */
import type { services } from './registry.ts';
import type { EventType } from './schemas.ts';

/** The legal transitions. A final state has none. */
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

const nextStates = (state: OrderState): readonly OrderState[] => transitions[state];
export const isFinal = (state: OrderState): boolean => nextStates(state).length === 0;
export const finalStates = orderStates.filter(isFinal);
export const openStates = orderStates.filter((state) => !isFinal(state));

/** Whether a customer can still cancel. That the parcel has not left yet, only the shipment service knows for certain. */
export const isCancellable = (state: OrderState): boolean => nextStates(state).includes('CANCELLING');

/** Whether legal transitions lead from one state to the other; every state reaches itself. */
export const canReach = (from: OrderState, to: OrderState): boolean =>
  from === to || nextStates(from).some((next) => canReach(next, to));

interface FactEntry {
  /** What an order's timeline calls it: the state that it leads to, or RELEASED, which is no state. */
  readonly state: OrderState | 'RELEASED';
  /** The facts of which one causes this one; of two that are known, the first did. */
  readonly causes: readonly string[];
}

/** Every fact about an order, named `<type>:<status>`. Each stands below its causes. */
const entries = {
  'order_placed:PENDING': { state: 'PENDING', causes: [] },
  'payment_processed:COMPLETED': { state: 'PAID', causes: ['order_placed:PENDING'] },
  'inventory_updated:RESERVED': { state: 'RESERVED', causes: ['payment_processed:COMPLETED'] },
  'inventory_updated:REJECTED': { state: 'REFUNDING', causes: ['payment_processed:COMPLETED'] },
  'order_cancelled:CANCELLING': { state: 'CANCELLING', causes: [] },
  'shipment_processed:SHIPPED': { state: 'SHIPPED', causes: ['inventory_updated:RESERVED'] },
  'shipment_processed:CANCELLED': { state: 'CANCELLED', causes: ['order_cancelled:CANCELLING'] },
  'payment_processed:DECLINED': {
    state: 'PAYMENT_DECLINED',
    causes: ['shipment_processed:CANCELLED', 'order_placed:PENDING'],
  },
  'inventory_updated:RELEASED': { state: 'RELEASED', causes: ['shipment_processed:CANCELLED'] },
  'payment_processed:REFUNDED': {
    state: 'REFUNDED',
    causes: ['shipment_processed:CANCELLED', 'inventory_updated:REJECTED'],
  },
} as const satisfies Record<`${EventType}:${string}`, FactEntry>;

export type Fact = keyof typeof entries;
export const facts = Object.keys(entries) as Fact[];

/** False for a fact of a newer release, which this one does not know. */
export const isFact = (name: string): name is Fact => Object.hasOwn(entries, name);

export const timelineState = (fact: Fact): FactEntry['state'] => entries[fact].state;
/** The reverse of it; undefined for a step of a newer release. */
export const factOfTimelineState = (state: string): Fact | undefined =>
  facts.find((fact) => timelineState(fact) === state);
export const causesOf = (fact: Fact): readonly Fact[] => entries[fact].causes;

/** The state that a set of facts amounts to, whatever order they arrived in. */
export function stateOf(known: ReadonlySet<string>): OrderState {
  const declined = known.has('payment_processed:DECLINED');
  const refunded = known.has('payment_processed:REFUNDED');
  if (known.has('shipment_processed:SHIPPED')) return 'SHIPPED';
  if (known.has('shipment_processed:CANCELLED')) return declined || refunded ? 'CANCELLED' : 'CANCELLING';
  if (known.has('order_cancelled:CANCELLING')) return 'CANCELLING';
  if (declined) return 'PAYMENT_DECLINED';
  if (refunded) return 'REFUNDED';
  if (known.has('inventory_updated:REJECTED')) return 'REFUNDING';
  if (known.has('inventory_updated:RESERVED')) return 'RESERVED';
  return known.has('payment_processed:COMPLETED') ? 'PAID' : 'PENDING';
}

export interface AwaitedStep {
  /** The service that has to process `fact`, a record of `topic`, */
  readonly service: keyof typeof services;
  readonly fact: Fact;
  readonly topic: EventType;
  /** and the topic on which it then publishes the outcome. */
  readonly outcomeTopic: EventType;
}

const awaitedSteps: { readonly [state in OrderState]?: AwaitedStep } = {
  PENDING: {
    service: 'payment',
    fact: 'order_placed:PENDING',
    topic: 'order_placed',
    outcomeTopic: 'payment_processed',
  },
  PAID: {
    service: 'inventory',
    fact: 'payment_processed:COMPLETED',
    topic: 'payment_processed',
    outcomeTopic: 'inventory_updated',
  },
  RESERVED: {
    service: 'shipment',
    fact: 'inventory_updated:RESERVED',
    topic: 'inventory_updated',
    outcomeTopic: 'shipment_processed',
  },
  REFUNDING: {
    service: 'payment',
    fact: 'inventory_updated:REJECTED',
    topic: 'inventory_updated',
    outcomeTopic: 'payment_processed',
  },
  CANCELLING: {
    service: 'shipment',
    fact: 'order_cancelled:CANCELLING',
    topic: 'order_cancelled',
    outcomeTopic: 'shipment_processed',
  },
};

/** Of an order whose parcel was cancelled: the payment is refunded, or declined where nothing was charged. */
const awaitedRefund: AwaitedStep = {
  service: 'payment',
  fact: 'shipment_processed:CANCELLED',
  topic: 'shipment_processed',
  outcomeTopic: 'payment_processed',
};

/** The step that an order in this state, with these facts, waits for; undefined in a final state. */
export const awaitedStep = (state: OrderState, known: ReadonlySet<string>): AwaitedStep | undefined =>
  state === 'CANCELLING' && known.has(awaitedRefund.fact) ? awaitedRefund : awaitedSteps[state];

const ranks: ReadonlyMap<string, number> = new Map(facts.map((fact, rank) => [fact, rank]));
/** Places a fact after everything that can cause it; a fact of a newer release comes last. */
export const rankOf = (fact: string): number => ranks.get(fact) ?? ranks.size;

/**
 * An order's timeline: items, each of which stands for a fact, in the order in which the facts became true. Facts of the
 * same millisecond are in the order in which they follow from each other.
 */
export function inTimelineOrder<Item>(
  items: readonly Item[],
  describe: (item: Item) => { readonly fact: string; readonly timeMs: number },
): Item[] {
  return items
    .map((item) => ({ item, ...describe(item) }))
    .toSorted((a, b) => a.timeMs - b.timeMs || rankOf(a.fact) - rankOf(b.fact))
    .map(({ item }) => item);
}
