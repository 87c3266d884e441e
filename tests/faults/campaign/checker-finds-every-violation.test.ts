import { describe, expect, test } from '@jest/globals';
import { canReach, orderStates } from '@order-pipeline/events/order-lifecycle';
import { check, mayBecome, type FinalOrder, type FinalWorld } from './checker.ts';
import type { Entry, Intent } from './history.ts';

const lines = [{ product_id: 'BOOK', quantity: 2 }];

/** A world in which wish 1 was accepted and shipped, its customer looked, and all is as it should be. */
const shipped: FinalOrder = { orderId: 'a', state: 'SHIPPED', customerId: 'customer-1', total: 25, lines };

function place(call: number, wish: number, intent: Intent = 'valid'): Entry {
  const customerId = `customer-${wish}`;
  return { atMs: 0, kind: 'place', call, wish, key: `wish-${wish}`, intent, lines, customerId, total: 25 };
}
const placed = (call: number, status: number, orderId?: string): Entry => ({
  atMs: 0,
  kind: 'placed',
  call,
  status,
  ...(orderId === undefined ? {} : { orderId }),
});
const read = (state: string, status = 200, orderId = 'a'): Entry => ({
  atMs: 0,
  kind: 'read',
  call: 8,
  orderId,
  status,
  state,
});
const cancelled = (status: number, state?: string, orderId = 'a'): Entry[] => [
  { atMs: 0, kind: 'cancel', call: 9, orderId },
  { atMs: 0, kind: 'cancelled', call: 9, orderId, status, ...(state === undefined ? {} : { state }) },
];

function world(orders: readonly FinalOrder[], after?: number): FinalWorld {
  const gone = orders.filter(({ state }) => state === 'SHIPPED').length * 2;
  return { orders, stockBefore: new Map([['BOOK', 10]]), stockAfter: new Map([['BOOK', after ?? 10 - gone]]) };
}

const accepted = [place(1, 1), placed(1, 201, 'a')];
const twin = { ...shipped, orderId: 'b' };

describe('the checker finds nothing in', () => {
  test.each<[string, Entry[], FinalWorld]>([
    ['an order that shipped', [...accepted, read('PENDING'), read('SHIPPED')], world([shipped])],
    ['an unanswered request that made an order', [place(1, 1), placed(1, 0)], world([shipped])],
    ['an unanswered request that made none', [place(1, 1), placed(1, 503)], world([])],
    [
      'a repeated request that is one order',
      [place(1, 1), placed(1, 503), place(2, 1), placed(2, 201, 'a')],
      world([shipped]),
    ],
    ['a cancelled order', [...accepted, ...cancelled(202, 'CANCELLING')], world([{ ...shipped, state: 'CANCELLED' }])],
    ['a cancellation that came too late', [...accepted, ...cancelled(409, 'SHIPPED')], world([shipped])],
    ['a cancellation without an answer', [...accepted, ...cancelled(0)], world([shipped])],
  ])('%s', (_, entries, end) => expect(check(entries, end)).toEqual([]));
});

describe('the checker finds', () => {
  test.each<[string, Entry[], FinalWorld, string]>([
    ['an accepted order that is lost', accepted, world([]), 'the order a was accepted and is lost'],
    [
      'a refusal that nothing justifies',
      [place(1, 1), placed(1, 500)],
      world([]),
      'the request for wish 1 was answered 500',
    ],
    [
      'an answer with the order of another',
      [...accepted, place(2, 2), placed(2, 201, 'a')],
      world([shipped]),
      'wish 2 of customer-2 was answered with the order a of customer-1',
    ],
    [
      'a doubled order, of which the customer knows one',
      accepted,
      world([shipped, twin]),
      'wish 1 made 2 orders: a, b',
    ],
    [
      'a doubled order, of which the customer knows none',
      [place(1, 1), placed(1, 0), place(2, 1), placed(2, 503)],
      world([shipped, twin]),
      'wish 1 made 2 orders: a, b',
    ],
    [
      'a key that was answered with two orders',
      [...accepted, place(2, 1), placed(2, 201, 'b')],
      world([shipped, twin]),
      'wish 1 made 2 orders: a, b',
    ],
    ['an order that nobody asked for', [], world([shipped]), 'nobody asked for the order a of customer-1'],
    ['another total', accepted, world([{ ...shipped, total: 12.5 }]), 'the order a costs 12.5 instead of 25'],
    [
      'other lines',
      accepted,
      world([{ ...shipped, lines: [{ product_id: 'BOOK', quantity: 1 }] }], 9),
      'the order a is for 1 BOOK',
    ],
    [
      'an order without an end',
      accepted,
      world([{ ...shipped, state: 'PAID' }]),
      'the order a never ended, it is PAID',
    ],
    [
      'an order without an end that was not confirmed',
      [place(1, 1), placed(1, 0)],
      world([{ ...shipped, state: 'PENDING' }]),
      'the order a never ended, it is PENDING',
    ],
    [
      'a wrong end',
      [place(1, 1, 'declined'), placed(1, 201, 'a')],
      world([shipped]),
      'the declined order a ended SHIPPED',
    ],
    [
      'a cancellation that nobody asked for',
      accepted,
      world([{ ...shipped, state: 'CANCELLED' }]),
      'the valid order a ended CANCELLED',
    ],
    [
      'a cancelled order that shipped',
      [...accepted, ...cancelled(200, 'CANCELLED')],
      world([shipped]),
      'a was told CANCELLED and ended SHIPPED',
    ],
    [
      'a cancellation under way that ended otherwise',
      [place(1, 1, 'unsatisfiable'), placed(1, 201, 'a'), ...cancelled(202, 'CANCELLING')],
      world([{ ...shipped, state: 'REFUNDED' }]),
      'a was CANCELLING and ended REFUNDED',
    ],
    [
      'a cancellation that was refused too early',
      [...accepted, ...cancelled(409, 'PAID')],
      world([shipped]),
      'a was too late to cancel in PAID, and ended SHIPPED',
    ],
    [
      'a refused cancellation whose state was not true',
      [...accepted, ...cancelled(409, 'REFUNDING')],
      world([shipped]),
      'a was too late to cancel in REFUNDING, and ended SHIPPED',
    ],
    [
      'a cancellation of what is lost',
      cancelled(202, 'CANCELLING', 'z'),
      world([]),
      'the order z was cancelled and is lost',
    ],
    [
      'a cancellation with another answer',
      [...accepted, ...cancelled(404)],
      world([shipped]),
      'the cancellation of a was answered 404',
    ],
    [
      'an order that went backwards',
      [...accepted, read('RESERVED'), read('PAID')],
      world([shipped]),
      'a went back from RESERVED to PAID',
    ],
    [
      'an order that left an end',
      [...accepted, read('REFUNDED')],
      world([shipped]),
      'a was seen REFUNDED and ended SHIPPED',
    ],
    ['an order that was seen and is gone', [read('PAID', 200, 'z')], world([]), 'z was seen PAID and ended nowhere'],
    [
      'an accepted order that is not found',
      [...accepted, read('', 404)],
      world([shipped]),
      'the accepted order a was answered 404',
    ],
    ['stock that is missing', accepted, world([shipped], 7), 'of BOOK there were 10, 2 shipped, and 7 are left'],
    [
      'stock that was sold and is there',
      accepted,
      world([shipped], 10),
      'of BOOK there were 10, 2 shipped, and 10 are left',
    ],
    ['stock below nothing', accepted, world([shipped], -1), 'the stock of BOOK is -1'],
  ])('%s', (_, entries, end, sentence) => expect(check(entries, end)).toEqual([sentence]));
});

test('its table of states, written from the design, says what the order service says', () => {
  for (const from of orderStates) {
    for (const to of orderStates) expect([from, to, mayBecome(from, to)]).toEqual([from, to, canReach(from, to)]);
  }
});
