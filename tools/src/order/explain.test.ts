import { describe, expect, test } from '@jest/globals';
import type { Payment, Reservation, StoredOrder, StoredShipment } from '../databases.ts';
import { duration, explain, type Findings, type GroupProgress } from './explain.ts';
import { timelineOf, timelineTable } from './timeline.ts';
import { waitingOf, type Known } from './waiting.ts';

const id = '01890000-0000-7000-8000-000000000001';
const placedAt = new Date('2026-03-01T12:00:00.000Z');
const now = new Date('2026-03-01T12:03:20.000Z');

type Status = StoredOrder['status'];

function orderIn(status: Status, facts: readonly string[], more: Partial<StoredOrder> = {}): StoredOrder {
  return {
    _id: id,
    version: 1,
    status,
    customer_id: 'CUST001',
    items: [{ product_id: 'P001', quantity: 2, price_minor: 29_99 }],
    shipping_address: 'here',
    total_minor: 59_98,
    currency: 'USD',
    created_at: placedAt,
    updated_at: placedAt,
    request_hash: '',
    published: { 'order_placed:PENDING': { partition: 3, offset: '40' } },
    facts: {
      'order_placed:PENDING': { time: placedAt.toISOString(), topic: 'order_placed' },
      ...Object.fromEntries(
        facts.map((fact, index) => [
          fact,
          { time: '2026-03-01T12:00:01.000Z', topic: fact.split(':')[0]!, partition: 3, offset: String(50 + index) },
        ]),
      ),
    },
    ...more,
  };
}

const payment = (status: Payment['status'], more: object = {}): Payment => ({
  _id: id,
  version: 1,
  status,
  amount_minor: 59_98,
  currency: 'USD',
  timestamp: placedAt.toISOString(),
  ...more,
});
const charged = { charged: { type: 'payment_processed', data: { status: 'COMPLETED' } } };
const compensated = { compensated: { type: 'payment_processed', data: { status: 'REFUNDED' } } };
const reservation = (status: Reservation['status']): Reservation =>
  ({
    _id: id,
    version: 1,
    kind: 'reservation',
    status,
    at: placedAt,
    lines: [],
    reserved: {},
  }) as unknown as Reservation;
const shipment = (status: StoredShipment['status'], more: Partial<StoredShipment> = {}): StoredShipment => ({
  _id: id,
  version: 1,
  status,
  created_at: placedAt,
  due_at: placedAt,
  ...more,
});

const known = (order: StoredOrder, others: Partial<Omit<Known, 'order'>> = {}): Known => ({
  order,
  payment: undefined,
  reservation: undefined,
  shipment: undefined,
  ...others,
});

const why = (facts: Known, more: Partial<Findings> = {}): string =>
  explain({ ...facts, now, waiting: waitingOf(facts), deadLetters: [], ...more }).join(' ');

const paid = orderIn('PAID', ['payment_processed:COMPLETED']);
const reserved = orderIn('RESERVED', ['payment_processed:COMPLETED', 'inventory_updated:RESERVED']);
const cancelling = (facts: readonly string[] = []): StoredOrder =>
  orderIn('CANCELLING', ['order_cancelled:CANCELLING', ...facts]);

describe('an open order waits for', () => {
  const group = (name: string, topic: string, place: object) => ({ on: 'group', group: name, topic, place });
  const here = (offset?: string) => ({ partition: 3, ...(offset === undefined ? {} : { offset }) });

  test.each<[string, Known, object]>([
    ['its payment', known(orderIn('PENDING', [])), group('payment-service', 'order_placed', here('40'))],
    [
      'the word of its payment',
      known(orderIn('PENDING', []), { payment: payment('COMPLETED', charged) }),
      group('order-service', 'payment_processed', here()),
    ],
    ['its stock', known(paid), group('inventory-service', 'payment_processed', here('50'))],
    [
      'the word of its stock',
      known(paid, { reservation: reservation('RESERVED') }),
      group('order-service', 'inventory_updated', here()),
    ],
    ['its parcel to be packed', known(reserved), group('shipment-service', 'inventory_updated', here('51'))],
    [
      'its parcel to go',
      known(reserved, { shipment: shipment('PROCESSING', { due_at: now }) }),
      { on: 'timer', due: now },
    ],
    [
      'the word of its parcel',
      known(reserved, { shipment: shipment('SHIPPED') }),
      group('order-service', 'shipment_processed', here()),
    ],
    [
      'its refund',
      known(orderIn('REFUNDING', ['payment_processed:COMPLETED', 'inventory_updated:REJECTED'])),
      group('payment-service', 'inventory_updated', here('51')),
    ],
    [
      'the word of its refund',
      known(orderIn('REFUNDING', ['inventory_updated:REJECTED']), { payment: payment('REFUNDED', compensated) }),
      group('order-service', 'payment_processed', here()),
    ],
    ['its cancellation', known(cancelling()), group('shipment-service', 'order_cancelled', here('50'))],
    [
      'its cancellation, while the parcel is packed',
      known(cancelling(), { shipment: shipment('PROCESSING') }),
      group('shipment-service', 'order_cancelled', here('50')),
    ],
    [
      'the word that it was cancelled',
      known(cancelling(), { shipment: shipment('CANCELLED') }),
      group('order-service', 'shipment_processed', here()),
    ],
    [
      'the word that the parcel was faster',
      known(cancelling(), { shipment: shipment('SHIPPED') }),
      group('order-service', 'shipment_processed', here()),
    ],
    [
      'the refund that follows its cancellation',
      known(cancelling(['shipment_processed:CANCELLED']), { shipment: shipment('CANCELLED') }),
      group('payment-service', 'shipment_processed', here('51')),
    ],
  ])('%s', (_, facts, waiting) => expect(waitingOf(facts)).toEqual(waiting));

  test.each<Status>(['SHIPPED', 'REFUNDED', 'PAYMENT_DECLINED', 'CANCELLED'])('nothing in %s', (status) => {
    expect(waitingOf(known(orderIn(status, [])))).toEqual({ on: 'nothing' });
    expect(why(known(orderIn(status, [])))).toContain('It has ended and waits for nothing.');
  });
});

describe('the sentences', () => {
  const pending = known(orderIn('PENDING', []));
  const progress = (more: Partial<GroupProgress> = {}) => ({ progress: { members: 2, next: 30n, lag: 25n, ...more } });

  test('say who placed what, when, and since when it stands there', () => {
    expect(why(pending)).toContain(`Order ${id} of CUST001 over 59.98 USD was placed 3 min ago. It is PENDING.`);
    const moved = orderIn('REFUNDED', [], { updated_at: new Date(now.getTime() - 2_500), reason: 'PRICE_CHANGED' });
    expect(why(known(moved))).toContain('It is REFUNDED, since 2 s ago, because of PRICE_CHANGED.');
  });

  test('say how far the group is from the record', () => {
    expect(why(pending, progress())).toContain(
      'It waits for payment-service to work off order_placed (partition 3, offset 40). ' +
        '10 records stand before it, and payment-service has 25 records to do there in all.',
    );
    expect(why(pending, progress({ next: 40n, lag: 1n }))).toContain(
      'It is the next record that payment-service takes from there, the first of 1 record.',
    );
  });

  test('say that nobody consumes', () => {
    expect(why(pending, progress({ members: 0 }))).toContain(
      'payment-service has no consumer running: start its service.',
    );
  });

  test('point to the auditor when a group has gone past the record without a trace', () => {
    expect(why(pending, progress({ next: 41n }))).toContain('gone past that record without a trace of it');
  });

  test('name the dead-lettered step, how to try it again, and that a cancel ends the order', () => {
    const step = {
      id: 'payment-service/0/7',
      group: 'payment-service',
      topic: 'order_placed',
      since: placedAt,
      error: 'TypeError: no',
    };
    const text = why(pending, { ...progress({ next: 41n }), deadLetters: [step] });
    expect(text).toContain('payment-service has gone past that record, because it could not work it off.');
    expect(text).toContain(
      'was dead-lettered 3 min ago: payment-service could not work off order_placed (TypeError: no).',
    );
    expect(text).toContain('npm run dlq -- redrive payment-service/0/7 tries that step again.');
    expect(text).toContain(`POST /orders/${id}/cancel`);
  });

  describe('of an order that is being cancelled', () => {
    const letter = (group: string, topic: string) => ({
      id: `${group}/0/7`,
      group,
      topic,
      since: placedAt,
      error: 'no',
    });
    const cancelAdvice = `POST /orders/${id}/cancel`;

    test('advise to redrive the step that the cancellation waits for, and not to cancel again', () => {
      const text = why(known(cancelling()), { deadLetters: [letter('shipment-service', 'order_cancelled')] });
      expect(text).toContain('npm run dlq -- redrive shipment-service/0/7 tries that step again.');
      expect(text).not.toContain(cancelAdvice);
      expect(text).not.toContain('discard');
    });

    test.each([
      ['on its way', known(cancelling())],
      ['cancelled', known(orderIn('CANCELLED', []))],
    ])('advise to put away a step that the cancellation has overtaken: %s', (_, facts) => {
      const text = why(facts, { deadLetters: [letter('inventory-service', 'payment_processed')] });
      expect(text).toContain('npm run dlq -- discard inventory-service/0/7 puts it away');
      expect(text).toContain('a redrive would charge and reserve nothing');
      expect(text).not.toContain('tries that step again');
      expect(text).not.toContain(cancelAdvice);
    });
  });

  test('say that an event is stored and not published', () => {
    const outbox = [{ fact: 'order_placed:PENDING', at: placedAt, event: {} as never }];
    const text = why(known(orderIn('PENDING', [], { outbox, published: {} })));
    expect(text).toContain(
      'It waits for the order service to publish order_placed:PENDING, which is stored since 3 min',
    );
    const gone = shipment('SHIPPED', {
      outbox: [{ fact: 'shipment_processed:SHIPPED', at: placedAt, event: {} as never }],
    });
    expect(why(known(reserved, { shipment: gone }))).toContain('It waits for the shipment service to publish');
  });

  test('say when the parcel goes, or that it should have gone', () => {
    const dueIn = (ms: number) =>
      known(reserved, { shipment: shipment('PROCESSING', { due_at: new Date(now.getTime() + ms) }) });
    expect(why(dueIn(90_000))).toContain('It waits for its parcel, which goes in 1 min.');
    expect(why(dueIn(-90_000))).toContain(
      'which was due 1 min ago: the timer of the shipment service should have sent it',
    );
  });

  test('say that a refund was refused for good', () => {
    const refused = known(orderIn('REFUNDING', ['inventory_updated:REJECTED']), {
      payment: payment('REFUNDING', { ...charged, reason: 'REFUND_REFUSED' }),
    });
    expect(why(refused)).toContain('refused the refund for good (REFUND_REFUSED): somebody has to give the money back');
  });

  test('say what happened to money, stock and parcel', () => {
    const gone = shipment('SHIPPED', { parcel: { tracking_number: 'TRK-00C0FFEE' } as never });
    const all = known(orderIn('SHIPPED', []), {
      payment: payment('COMPLETED', charged),
      reservation: reservation('RESERVED'),
      shipment: gone,
    });
    expect(why(all)).toContain('59.98 USD were charged. Its stock is reserved. The parcel TRK-00C0FFEE has gone.');
    const undone = known(orderIn('CANCELLED', []), {
      payment: payment('REFUNDED', { ...charged, ...compensated }),
      reservation: reservation('RELEASED'),
    });
    expect(why(undone)).toContain('59.98 USD were charged and refunded. Its stock was reserved and put back.');
    expect(why(known(orderIn('PAYMENT_DECLINED', []), { payment: payment('DECLINED') }))).toContain(
      'Nothing was charged.',
    );
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [61_000, '1 min'],
  [7_199_999, '1 h'],
  [172_800_000, '2 d'],
])('%d ms are said as %s', (ms, text) => expect(duration(ms)).toBe(text));

test('the timeline has the steps in the order of their times, with the places of their records', () => {
  const order = orderIn('PAID', ['payment_processed:COMPLETED'], {
    outbox: [{ fact: 'order_placed:PENDING', at: placedAt, event: {} as never }],
    published: {},
  });
  expect(timelineTable(timelineOf(order))).toEqual([
    'TIME                      AFTER  TOPIC              STATUS     PARTITION/OFFSET   REASON',
    '2026-03-01T12:00:00.000Z  +0 ms  order_placed       PENDING    not published yet',
    '2026-03-01T12:00:01.000Z  +1 s   payment_processed  COMPLETED  3/50',
  ]);
});
