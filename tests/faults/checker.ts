/**
 * What a customer may conclude from what the pipeline answered, held against where everything ended. It knows the history
 * and the public API only, nothing of how the pipeline is made; the auditor is the other judge.
 */
import { canReach, isEnd, type OrderState } from '../../services/order/src/order.ts';
import { isIndeterminate, type Entry, type Intent, type PlaceRequest } from './history.ts';

export interface FinalOrder {
  readonly orderId: string;
  readonly state: OrderState;
  readonly lines: readonly { readonly product_id: string; readonly quantity: number }[];
}

export interface FinalWorld {
  readonly orders: readonly FinalOrder[];
  readonly stockBefore: ReadonlyMap<string, number>;
  readonly stockAfter: ReadonlyMap<string, number>;
}

const endsOf: Readonly<Record<Intent, OrderState>> = {
  valid: 'SHIPPED',
  declined: 'PAYMENT_DECLINED',
  unsatisfiable: 'REFUNDED',
};

/** Answers a sentence per violation; none is what is expected. */
export function check(entries: readonly Entry[], world: FinalWorld): string[] {
  const finals = new Map(world.orders.map((order) => [order.orderId, order]));
  return [
    ...checkPlacements(entries, finals),
    ...checkCancellations(entries, finals),
    ...checkReads(entries, finals),
    ...checkStock(world),
  ];
}

function checkPlacements(entries: readonly Entry[], finals: ReadonlyMap<string, FinalOrder>): string[] {
  const found: string[] = [];
  const requests = new Map<number, PlaceRequest>();
  const ordersOf = new Map<number, Set<string>>();
  let unanswered = 0;
  const wishOf = new Map<string, number>();
  const cancelled = new Set(entries.flatMap((entry) => (entry.kind === 'cancel' ? [entry.orderId] : [])));
  for (const entry of entries) {
    if (entry.kind === 'place') requests.set(entry.call, entry);
    if (entry.kind !== 'placed') continue;
    const request = requests.get(entry.call)!;
    if (entry.status !== 201 || entry.orderId === undefined) {
      unanswered += 1;
      if (!isIndeterminate(entry.status))
        found.push(`the request for wish ${request.wish} was answered ${entry.status}`);
      continue;
    }
    const known = wishOf.get(entry.orderId);
    if (known !== undefined && known !== request.wish) {
      found.push(`the order ${entry.orderId} answered wish ${known} and wish ${request.wish}`);
    }
    wishOf.set(entry.orderId, request.wish);
    const orders = ordersOf.get(request.wish) ?? new Set();
    ordersOf.set(request.wish, orders.add(entry.orderId));
    if (request.key !== undefined && orders.size > 1) {
      found.push(`the key of wish ${request.wish} made ${orders.size} orders: ${[...orders].join(', ')}`);
    }
    const final = finals.get(entry.orderId);
    if (!final) found.push(`the order ${entry.orderId} was accepted and is lost`);
    else if (!isEnd(final.state)) found.push(`the order ${entry.orderId} never ended, it is ${final.state}`);
    else if (final.state !== endsOf[request.intent] && !(final.state === 'CANCELLED' && cancelled.has(entry.orderId))) {
      found.push(`the ${request.intent} order ${entry.orderId} ended ${final.state}`);
    }
  }
  // A request without an answer may have made an order, one at most; without such a request there is none.
  const unknown = [...finals.keys()].filter((orderId) => !wishOf.has(orderId));
  if (unknown.length > unanswered) {
    found.push(`${unknown.length} orders answer to ${unanswered} unanswered requests, such as ${unknown[0]}`);
  }
  for (const orderId of unknown) {
    const state = finals.get(orderId)!.state;
    if (!isEnd(state)) found.push(`the unconfirmed order ${orderId} never ended, it is ${state}`);
  }
  return found;
}

function checkCancellations(entries: readonly Entry[], finals: ReadonlyMap<string, FinalOrder>): string[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'cancelled' || isIndeterminate(entry.status)) return [];
    const final = finals.get(entry.orderId)?.state;
    if (final === undefined) return [`the order ${entry.orderId} was cancelled and is lost`];
    if (entry.status === 200)
      return final === 'CANCELLED' ? [] : [`${entry.orderId} was told CANCELLED and ended ${final}`];
    if (entry.status === 202) {
      return final === 'CANCELLED' || final === 'SHIPPED' ? [] : [`${entry.orderId} was CANCELLING and ended ${final}`];
    }
    if (entry.status !== 409) return [`the cancellation of ${entry.orderId} was answered ${entry.status}`];
    return entry.state !== undefined && canReach(entry.state as OrderState, final)
      ? []
      : [`${entry.orderId} was too late to cancel in ${entry.state}, and ended ${final}`];
  });
}

function checkReads(entries: readonly Entry[], finals: ReadonlyMap<string, FinalOrder>): string[] {
  const found: string[] = [];
  const last = new Map<string, OrderState>();
  for (const entry of entries) {
    if (entry.kind !== 'read' || isIndeterminate(entry.status)) continue;
    const { orderId, status } = entry;
    if (status !== 200) {
      found.push(`the accepted order ${orderId} was answered ${status}`);
      continue;
    }
    const state = entry.state as OrderState;
    const before = last.get(orderId);
    if (before !== undefined && !canReach(before, state)) found.push(`${orderId} went back from ${before} to ${state}`);
    last.set(orderId, state);
  }
  for (const [orderId, state] of last) {
    const final = finals.get(orderId)?.state;
    if (final === undefined || !canReach(state, final))
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
