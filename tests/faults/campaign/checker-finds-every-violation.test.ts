import { describe, expect, test } from '@jest/globals';
import { canReach, orderStates } from '@order-pipeline/events/order-lifecycle';
import { check, mayBecome, type FinalOrder, type FinalState } from './checker.ts';
import type { Entry, Intent } from './history.ts';

const lines = [{ product_id: 'BOOK', quantity: 2 }];

/** The order of request 1, which was accepted and shipped. */
const shipped: FinalOrder = { orderId: 'a', state: 'SHIPPED', customerId: 'customer-1', total: 25, lines };

function place(call: number, request: number, intent: Intent = 'valid'): Entry {
  const customerId = `customer-${request}`;
  return { atMs: 0, kind: 'place', call, request, key: `request-${request}`, intent, lines, customerId, total: 25 };
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

function finalState(orders: readonly FinalOrder[], after?: number): FinalState {
  const sold = orders.filter(({ state }) => state === 'SHIPPED').length * 2;
  return { orders, stockBefore: new Map([['BOOK', 10]]), stockAfter: new Map([['BOOK', after ?? 10 - sold]]) };
}

const accepted = [place(1, 1), placed(1, 201, 'a')];
const duplicate = { ...shipped, orderId: 'b' };

describe('the checker accepts', () => {
  test.each<[string, Entry[], FinalState]>([
    ['an order that shipped', [...accepted, read('PENDING'), read('SHIPPED')], finalState([shipped])],
    ['a request without a response that created an order', [place(1, 1), placed(1, 0)], finalState([shipped])],
    ['an unconfirmed request that created none', [place(1, 1), placed(1, 503)], finalState([])],
    [
      'a repeated request that created one order',
      [place(1, 1), placed(1, 503), place(2, 1), placed(2, 201, 'a')],
      finalState([shipped]),
    ],
    [
      'a cancelled order',
      [...accepted, ...cancelled(202, 'CANCELLING')],
      finalState([{ ...shipped, state: 'CANCELLED' }]),
    ],
    ['a cancellation after the order shipped', [...accepted, ...cancelled(409, 'SHIPPED')], finalState([shipped])],
    ['a cancellation without a response', [...accepted, ...cancelled(0)], finalState([shipped])],
  ])('%s', (_, entries, end) => expect(check(entries, end)).toEqual([]));
});

describe('the checker reports', () => {
  test.each<[string, Entry[], FinalState, string]>([
    ['an accepted order that is lost', accepted, finalState([]), 'order a was accepted and is lost'],
    ['an error without a reason', [place(1, 1), placed(1, 500)], finalState([]), 'request 1 returned 500'],
    [
      'a response with the order of another customer',
      [...accepted, place(2, 2), placed(2, 201, 'a')],
      finalState([shipped]),
      'request 2 of customer-2 returned order a of customer-1',
    ],
    [
      'a duplicate order, one of which the customer knows',
      accepted,
      finalState([shipped, duplicate]),
      'request 1 created 2 orders: a, b',
    ],
    [
      'a duplicate order, none of which the customer knows',
      [place(1, 1), placed(1, 0), place(2, 1), placed(2, 503)],
      finalState([shipped, duplicate]),
      'request 1 created 2 orders: a, b',
    ],
    [
      'a key that returned two orders',
      [...accepted, place(2, 1), placed(2, 201, 'b')],
      finalState([shipped, duplicate]),
      'request 1 created 2 orders: a, b',
    ],
    ['an order that no customer requested', [], finalState([shipped]), 'no customer requested order a of customer-1'],
    ['another total', accepted, finalState([{ ...shipped, total: 12.5 }]), 'order a costs 12.5 instead of 25'],
    [
      'other lines',
      accepted,
      finalState([{ ...shipped, lines: [{ product_id: 'BOOK', quantity: 1 }] }], 9),
      'order a is for 1 BOOK',
    ],
    [
      'an order that is not final',
      accepted,
      finalState([{ ...shipped, state: 'PAID' }]),
      'order a is not final, it is PAID',
    ],
    [
      'an unconfirmed order that is not final',
      [place(1, 1), placed(1, 0)],
      finalState([{ ...shipped, state: 'PENDING' }]),
      'order a is not final, it is PENDING',
    ],
    [
      'a wrong final state',
      [place(1, 1, 'declined'), placed(1, 201, 'a')],
      finalState([shipped]),
      'the declined order a ended as SHIPPED',
    ],
    [
      'a cancellation that no customer requested',
      accepted,
      finalState([{ ...shipped, state: 'CANCELLED' }]),
      'the valid order a ended as CANCELLED',
    ],
    [
      'a cancelled order that shipped',
      [...accepted, ...cancelled(200, 'CANCELLED')],
      finalState([shipped]),
      'a was reported CANCELLED and ended as SHIPPED',
    ],
    [
      'a pending cancellation with another final state',
      [place(1, 1, 'unsatisfiable'), placed(1, 201, 'a'), ...cancelled(202, 'CANCELLING')],
      finalState([{ ...shipped, state: 'REFUNDED' }]),
      'a was CANCELLING and ended as REFUNDED',
    ],
    [
      'a cancellation that was rejected too early',
      [...accepted, ...cancelled(409, 'PAID')],
      finalState([shipped]),
      'cancelling a was rejected in PAID, and it ended as SHIPPED',
    ],
    [
      'a rejected cancellation with a wrong state',
      [...accepted, ...cancelled(409, 'REFUNDING')],
      finalState([shipped]),
      'cancelling a was rejected in REFUNDING, and it ended as SHIPPED',
    ],
    [
      'a cancelled order that is lost',
      cancelled(202, 'CANCELLING', 'z'),
      finalState([]),
      'order z was cancelled and is lost',
    ],
    [
      'a cancellation with another status',
      [...accepted, ...cancelled(404)],
      finalState([shipped]),
      'cancelling a returned 404',
    ],
    [
      'an order that moved backwards',
      [...accepted, read('RESERVED'), read('PAID')],
      finalState([shipped]),
      'a went back from RESERVED to PAID',
    ],
    [
      'an order that left a final state',
      [...accepted, read('REFUNDED')],
      finalState([shipped]),
      'a was read as REFUNDED and ended as SHIPPED',
    ],
    ['an order that was read and is lost', [read('PAID', 200, 'z')], finalState([]), 'z was read as PAID and is lost'],
    [
      'an accepted order that is not found',
      [...accepted, read('', 404)],
      finalState([shipped]),
      'reading the accepted order a returned 404',
    ],
    ['stock that is missing', accepted, finalState([shipped], 7), 'the stock of BOOK was 10, 2 shipped, and it is 7'],
    [
      'stock that was sold and did not decrease',
      accepted,
      finalState([shipped], 10),
      'the stock of BOOK was 10, 2 shipped, and it is 10',
    ],
    ['negative stock', accepted, finalState([shipped], -1), 'the stock of BOOK is -1'],
  ])('%s', (_, entries, end, sentence) => expect(check(entries, end)).toEqual([sentence]));
});

test('its table of states, written from the documentation, agrees with the order service', () => {
  for (const from of orderStates) {
    for (const to of orderStates) expect([from, to, mayBecome(from, to)]).toEqual([from, to, canReach(from, to)]);
  }
});
