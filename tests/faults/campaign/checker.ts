/**
 * Compares what the customers sent and received with the final orders and stock. It knows the history and the public API
 * only, nothing of the implementation; the auditor is the other judge.
 */
import { isIndeterminate, type Entry, type Intent, type PlaceRequest } from './history.ts';

/**
 * The states that may follow each state, immediately or later. It is a copy of the order lifecycle in packages/events on
 * purpose: as an independent oracle the checker must not accept whatever the code does.
 */
const laterStates = {
  PENDING: [
    'PAID',
    'RESERVED',
    'SHIPPED',
    'PAYMENT_DECLINED',
    'REFUNDING',
    'REFUNDED',
    'CANCELLING',
    'CANCELLED',
  ] as string[],
  PAID: ['RESERVED', 'SHIPPED', 'REFUNDING', 'REFUNDED', 'CANCELLING', 'CANCELLED'],
  RESERVED: ['SHIPPED', 'CANCELLING', 'CANCELLED'],
  REFUNDING: ['REFUNDED'],
  CANCELLING: ['CANCELLED', 'SHIPPED'],
  SHIPPED: [],
  PAYMENT_DECLINED: [],
  REFUNDED: [],
  CANCELLED: [],
} as const satisfies Record<string, readonly string[]>;

export type State = keyof typeof laterStates;

const isState = (state: string | undefined): state is State => state !== undefined && Object.hasOwn(laterStates, state);
const isFinal = (state: State): boolean => laterStates[state].length === 0;
export const mayBecome = (from: string | undefined, to: State): boolean =>
  isState(from) && (from === to || (laterStates[from] as readonly string[]).includes(to));

/** States in which an order cannot be cancelled. */
const uncancellable: readonly (string | undefined)[] = ['REFUNDING', 'REFUNDED', 'SHIPPED', 'PAYMENT_DECLINED'];

export interface FinalOrder {
  readonly orderId: string;
  readonly state: State;
  readonly customerId: string;
  /** Decimal, as in the API. */
  readonly total: number;
  readonly lines: readonly { readonly product_id: string; readonly quantity: number }[];
}

export interface FinalState {
  readonly orders: readonly FinalOrder[];
  readonly stockBefore: ReadonlyMap<string, number>;
  readonly stockAfter: ReadonlyMap<string, number>;
}

type Finals = ReadonlyMap<string, FinalOrder>;

const expectedState: Readonly<Record<Intent, State>> = {
  valid: 'SHIPPED',
  declined: 'PAYMENT_DECLINED',
  unsatisfiable: 'REFUNDED',
};

/** Returns a sentence per violation. */
export function check(entries: readonly Entry[], final: FinalState): string[] {
  const finals: Finals = new Map(final.orders.map((order) => [order.orderId, order]));
  return [
    ...checkResponses(entries, finals),
    ...checkOrders(entries, final.orders),
    ...checkCancellations(entries, finals),
    ...checkReads(entries, finals),
    ...checkStock(final),
  ];
}

/** Each response on its own: its status is legal, and the order that it names exists and is the customer's. */
function checkResponses(entries: readonly Entry[], finals: Finals): string[] {
  const requests = new Map<number, PlaceRequest>();
  return entries.flatMap((entry) => {
    if (entry.kind === 'place') requests.set(entry.call, entry);
    if (entry.kind !== 'placed' || isIndeterminate(entry.status)) return [];
    const { request, customerId } = requests.get(entry.call)!;
    if (entry.status !== 201 || entry.orderId === undefined) return [`request ${request} returned ${entry.status}`];
    const final = finals.get(entry.orderId);
    if (!final) return [`order ${entry.orderId} was accepted and is lost`];
    return final.customerId === customerId
      ? []
      : [`request ${request} of ${customerId} returned order ${entry.orderId} of ${final.customerId}`];
  });
}

/** Each customer requests one order: it exists once if it was ever accepted, and at most once otherwise. */
function checkOrders(entries: readonly Entry[], orders: readonly FinalOrder[]): string[] {
  const requests = new Map(entries.flatMap((entry) => (entry.kind === 'place' ? [[entry.customerId, entry]] : [])));
  const cancelled = new Set(entries.flatMap((entry) => (entry.kind === 'cancel' ? [entry.orderId] : [])));
  const found = [...Map.groupBy(orders, ({ customerId }) => customerId)].flatMap(([customerId, own]) => {
    const ids = own.map(({ orderId }) => orderId).join(', ');
    const expected = requests.get(customerId);
    if (!expected) return [`no customer requested order ${ids} of ${customerId}`];
    return own.length > 1 ? [`request ${expected.request} created ${own.length} orders: ${ids}`] : [];
  });
  for (const { orderId, customerId, state, total, lines } of orders) {
    const expected = requests.get(customerId);
    if (!expected) continue;
    if (total !== expected.total) found.push(`order ${orderId} costs ${total} instead of ${expected.total}`);
    if (textOf(lines) !== textOf(expected.lines)) found.push(`order ${orderId} is for ${textOf(lines)}`);
    if (!isFinal(state)) found.push(`order ${orderId} is not final, it is ${state}`);
    else if (state !== expectedState[expected.intent] && !(state === 'CANCELLED' && cancelled.has(orderId))) {
      found.push(`the ${expected.intent} order ${orderId} ended as ${state}`);
    }
  }
  return found;
}

const textOf = (lines: FinalOrder['lines']): string =>
  lines.map(({ product_id, quantity }) => `${quantity} ${product_id}`).join(' + ');

function checkCancellations(entries: readonly Entry[], finals: Finals): string[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'cancelled' || isIndeterminate(entry.status)) return [];
    const final = finals.get(entry.orderId)?.state;
    if (final === undefined) return [`order ${entry.orderId} was cancelled and is lost`];
    switch (entry.status) {
      case 200:
        return final === 'CANCELLED' ? [] : [`${entry.orderId} was reported CANCELLED and ended as ${final}`];
      case 202:
        return mayBecome('CANCELLING', final) ? [] : [`${entry.orderId} was CANCELLING and ended as ${final}`];
      case 409:
        return uncancellable.includes(entry.state) && mayBecome(entry.state, final)
          ? []
          : [`cancelling ${entry.orderId} was rejected in ${entry.state}, and it ended as ${final}`];
      default:
        return [`cancelling ${entry.orderId} returned ${entry.status}`];
    }
  });
}

function checkReads(entries: readonly Entry[], finals: Finals): string[] {
  const found: string[] = [];
  const last = new Map<string, string | undefined>();
  for (const entry of entries) {
    if (entry.kind !== 'read' || isIndeterminate(entry.status)) continue;
    const { orderId, status, state } = entry;
    if (status !== 200) {
      found.push(`reading the accepted order ${orderId} returned ${status}`);
      continue;
    }
    const before = last.get(orderId);
    if (!isState(state)) found.push(`${orderId} was read as ${state}, which is not a state`);
    else if (last.has(orderId) && !mayBecome(before, state))
      found.push(`${orderId} went back from ${before} to ${state}`);
    last.set(orderId, state);
  }
  for (const [orderId, state] of last) {
    const final = finals.get(orderId)?.state;
    if (final === undefined || !mayBecome(state, final))
      found.push(
        final === undefined
          ? `${orderId} was read as ${state} and is lost`
          : `${orderId} was read as ${state} and ended as ${final}`,
      );
  }
  return found;
}

/** The stock has decreased by exactly what was shipped. */
function checkStock({ orders, stockBefore, stockAfter }: FinalState): string[] {
  const shipped = new Map<string, number>();
  for (const { state, lines } of orders) {
    if (state !== 'SHIPPED') continue;
    for (const { product_id, quantity } of lines) shipped.set(product_id, (shipped.get(product_id) ?? 0) + quantity);
  }
  return [...stockBefore].flatMap(([product, before]) => {
    const after = stockAfter.get(product) ?? Number.NaN;
    const sold = shipped.get(product) ?? 0;
    if (after < 0) return [`the stock of ${product} is ${after}`];
    return before - sold === after
      ? []
      : [`the stock of ${product} was ${before}, ${sold} shipped, and it is ${after}`];
  });
}
