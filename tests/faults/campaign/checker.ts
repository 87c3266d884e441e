/**
 * What a customer may conclude from what the pipeline answered, held against where everything ended. It knows the history
 * and the public API only, nothing of how the pipeline is made; the auditor is the other judge.
 */
import { isIndeterminate, type Entry, type Intent, type PlaceRequest } from './history.ts';

/**
 * The states that each state may still reach, as the API promises it. A table of its own, not that of packages/events: the
 * checker is an independent oracle, and would otherwise accept whatever the code does.
 */
const futures = {
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

export type State = keyof typeof futures;

const isState = (state: string | undefined): state is State => state !== undefined && Object.hasOwn(futures, state);
const isEnd = (state: State): boolean => futures[state].length === 0;
export const mayBecome = (from: string | undefined, to: State): boolean =>
  isState(from) && (from === to || (futures[from] as readonly string[]).includes(to));

/** Where it is too late to cancel. */
const uncancellable: readonly (string | undefined)[] = ['REFUNDING', 'REFUNDED', 'SHIPPED', 'PAYMENT_DECLINED'];

export interface FinalOrder {
  readonly orderId: string;
  readonly state: State;
  readonly customerId: string;
  /** As the API has it, in decimals. */
  readonly total: number;
  readonly lines: readonly { readonly product_id: string; readonly quantity: number }[];
}

export interface FinalWorld {
  readonly orders: readonly FinalOrder[];
  readonly stockBefore: ReadonlyMap<string, number>;
  readonly stockAfter: ReadonlyMap<string, number>;
}

type Finals = ReadonlyMap<string, FinalOrder>;

const endsOf: Readonly<Record<Intent, State>> = {
  valid: 'SHIPPED',
  declined: 'PAYMENT_DECLINED',
  unsatisfiable: 'REFUNDED',
};

/** Answers a sentence per violation; none is what is expected. */
export function check(entries: readonly Entry[], world: FinalWorld): string[] {
  const finals: Finals = new Map(world.orders.map((order) => [order.orderId, order]));
  return [
    ...checkAnswers(entries, finals),
    ...checkOrders(entries, world.orders),
    ...checkCancellations(entries, finals),
    ...checkReads(entries, finals),
    ...checkStock(world),
  ];
}

/** Each answer on its own: it is one that may be given, and the order that it names is there and is the wish's. */
function checkAnswers(entries: readonly Entry[], finals: Finals): string[] {
  const requests = new Map<number, PlaceRequest>();
  return entries.flatMap((entry) => {
    if (entry.kind === 'place') requests.set(entry.call, entry);
    if (entry.kind !== 'placed' || isIndeterminate(entry.status)) return [];
    const { wish, customerId } = requests.get(entry.call)!;
    if (entry.status !== 201 || entry.orderId === undefined)
      return [`the request for wish ${wish} was answered ${entry.status}`];
    const final = finals.get(entry.orderId);
    if (!final) return [`the order ${entry.orderId} was accepted and is lost`];
    return final.customerId === customerId
      ? []
      : [`wish ${wish} of ${customerId} was answered with the order ${entry.orderId} of ${final.customerId}`];
  });
}

/** Each customer wishes for one order: however often it was asked for, it is there once if it was ever accepted, else once at most. */
function checkOrders(entries: readonly Entry[], orders: readonly FinalOrder[]): string[] {
  const wishes = new Map(entries.flatMap((entry) => (entry.kind === 'place' ? [[entry.customerId, entry]] : [])));
  const cancelled = new Set(entries.flatMap((entry) => (entry.kind === 'cancel' ? [entry.orderId] : [])));
  const found = [...Map.groupBy(orders, ({ customerId }) => customerId)].flatMap(([customerId, own]) => {
    const ids = own.map(({ orderId }) => orderId).join(', ');
    if (!wishes.has(customerId)) return [`nobody asked for the order ${ids} of ${customerId}`];
    return own.length > 1 ? [`wish ${wishes.get(customerId)!.wish} made ${own.length} orders: ${ids}`] : [];
  });
  for (const { orderId, customerId, state, total, lines } of orders) {
    const wish = wishes.get(customerId);
    if (!wish) continue;
    if (total !== wish.total) found.push(`the order ${orderId} costs ${total} instead of ${wish.total}`);
    if (textOf(lines) !== textOf(wish.lines)) found.push(`the order ${orderId} is for ${textOf(lines)}`);
    if (!isEnd(state)) found.push(`the order ${orderId} never ended, it is ${state}`);
    else if (state !== endsOf[wish.intent] && !(state === 'CANCELLED' && cancelled.has(orderId))) {
      found.push(`the ${wish.intent} order ${orderId} ended ${state}`);
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
    if (final === undefined) return [`the order ${entry.orderId} was cancelled and is lost`];
    switch (entry.status) {
      case 200:
        return final === 'CANCELLED' ? [] : [`${entry.orderId} was told CANCELLED and ended ${final}`];
      case 202:
        return mayBecome('CANCELLING', final) ? [] : [`${entry.orderId} was CANCELLING and ended ${final}`];
      case 409:
        return uncancellable.includes(entry.state) && mayBecome(entry.state, final)
          ? []
          : [`${entry.orderId} was too late to cancel in ${entry.state}, and ended ${final}`];
      default:
        return [`the cancellation of ${entry.orderId} was answered ${entry.status}`];
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
      found.push(`the accepted order ${orderId} was answered ${status}`);
      continue;
    }
    const before = last.get(orderId);
    if (!isState(state)) found.push(`${orderId} was seen ${state}, which is no state`);
    else if (last.has(orderId) && !mayBecome(before, state))
      found.push(`${orderId} went back from ${before} to ${state}`);
    last.set(orderId, state);
  }
  for (const [orderId, state] of last) {
    const final = finals.get(orderId)?.state;
    if (final === undefined || !mayBecome(state, final))
      found.push(`${orderId} was seen ${state} and ended ${final ?? 'nowhere'}`);
  }
  return found;
}

/** Everything that is missing from the shelf was shipped, and everything that was shipped is missing. */
function checkStock({ orders, stockBefore, stockAfter }: FinalWorld): string[] {
  const shipped = new Map<string, number>();
  for (const { state, lines } of orders) {
    if (state !== 'SHIPPED') continue;
    for (const { product_id, quantity } of lines) shipped.set(product_id, (shipped.get(product_id) ?? 0) + quantity);
  }
  return [...stockBefore].flatMap(([product, before]) => {
    const after = stockAfter.get(product) ?? Number.NaN;
    const gone = shipped.get(product) ?? 0;
    if (after < 0) return [`the stock of ${product} is ${after}`];
    return before - gone === after
      ? []
      : [`of ${product} there were ${before}, ${gone} shipped, and ${after} are left`];
  });
}
