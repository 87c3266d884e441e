import { describe, expect, test } from '@jest/globals';
import type { Order, Payment, Reservation, Shipment } from '../documents.ts';
import { explain, type Findings, type GroupProgress } from './explain.ts';
import type { OrderDocuments } from './order-documents.ts';
import { timelineOf, timelineTable } from './timeline.ts';
import { waitingOf } from './waiting.ts';

const id = '01890000-0000-7000-8000-000000000001';
const placedAt = new Date('2026-03-01T12:00:00.000Z');
const now = new Date('2026-03-01T12:03:20.000Z');

type Status = Order['status'];

function orderIn(status: Status, facts: readonly string[], more: Partial<Order> = {}): Order {
  return {
    _id: id,
    status,
    customer_id: 'CUST001',
    total_minor: 59_98,
    currency: 'USD',
    created_at: placedAt,
    updated_at: placedAt,
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
  status,
  ...more,
});
const event = (type: string, status: string) => ({
  type,
  data: { order_id: id, status, timestamp: placedAt.toISOString() },
});
const charged = { charged: event('payment_processed', 'COMPLETED') };
const compensated = { compensated: event('payment_processed', 'REFUNDED') };
const reservation = (status: Reservation['status']): Reservation => ({
  _id: id,
  status,
  reserved: event('inventory_updated', 'RESERVED'),
});
const shipment = (status: Shipment['status'], more: Partial<Shipment> = {}): Shipment => ({
  _id: id,
  status,
  created_at: placedAt,
  due_at: placedAt,
  ...more,
});

const stored = (order: Order, others: Partial<Omit<OrderDocuments, 'order'>> = {}): OrderDocuments => ({
  order,
  payment: undefined,
  reservation: undefined,
  shipment: undefined,
  ...others,
});

const why = (documents: OrderDocuments, more: Partial<Findings> = {}): string =>
  explain({ ...documents, now, waiting: waitingOf(documents), deadLetters: [], ...more }).join(' ');

const paid = orderIn('PAID', ['payment_processed:COMPLETED']);
const reserved = orderIn('RESERVED', ['payment_processed:COMPLETED', 'inventory_updated:RESERVED']);
const cancelling = (facts: readonly string[] = []): Order =>
  orderIn('CANCELLING', ['order_cancelled:CANCELLING', ...facts]);

describe('an open order waits for', () => {
  const group = (name: string, topic: string, position: object) => ({ on: 'group', group: name, topic, position });
  const at = (offset?: string) => ({ partition: 3, ...(offset === undefined ? {} : { offset }) });

  test.each<[string, OrderDocuments, object]>([
    ['its payment', stored(orderIn('PENDING', [])), group('payment-service', 'order_placed', at('40'))],
    [
      'the outcome of its payment',
      stored(orderIn('PENDING', []), { payment: payment('COMPLETED', charged) }),
      group('order-service', 'payment_processed', at()),
    ],
    ['its reservation', stored(paid), group('inventory-service', 'payment_processed', at('50'))],
    [
      'the outcome of its reservation',
      stored(paid, { reservation: reservation('RESERVED') }),
      group('order-service', 'inventory_updated', at()),
    ],
    ['its shipment', stored(reserved), group('shipment-service', 'inventory_updated', at('51'))],
    [
      'its parcel to be shipped',
      stored(reserved, { shipment: shipment('PROCESSING', { due_at: now }) }),
      { on: 'timer', due: now },
    ],
    [
      'the outcome of its shipment',
      stored(reserved, { shipment: shipment('SHIPPED') }),
      group('order-service', 'shipment_processed', at()),
    ],
    [
      'its refund',
      stored(orderIn('REFUNDING', ['payment_processed:COMPLETED', 'inventory_updated:REJECTED'])),
      group('payment-service', 'inventory_updated', at('51')),
    ],
    [
      'the outcome of its refund',
      stored(orderIn('REFUNDING', ['inventory_updated:REJECTED']), { payment: payment('REFUNDED', compensated) }),
      group('order-service', 'payment_processed', at()),
    ],
    ['its cancellation', stored(cancelling()), group('shipment-service', 'order_cancelled', at('50'))],
    [
      'its cancellation, while the parcel is in PROCESSING',
      stored(cancelling(), { shipment: shipment('PROCESSING') }),
      group('shipment-service', 'order_cancelled', at('50')),
    ],
    [
      'the outcome of its cancellation',
      stored(cancelling(), { shipment: shipment('CANCELLED') }),
      group('order-service', 'shipment_processed', at()),
    ],
    [
      'the outcome of a cancellation that came after the parcel was shipped',
      stored(cancelling(), { shipment: shipment('SHIPPED') }),
      group('order-service', 'shipment_processed', at()),
    ],
    [
      'the refund that follows its cancellation',
      stored(cancelling(['shipment_processed:CANCELLED']), { shipment: shipment('CANCELLED') }),
      group('payment-service', 'shipment_processed', at('51')),
    ],
  ])('%s', (_, documents, waiting) => expect(waitingOf(documents)).toEqual(waiting));

  test.each<Status>(['SHIPPED', 'REFUNDED', 'PAYMENT_DECLINED', 'CANCELLED'])('nothing in %s', (status) => {
    expect(waitingOf(stored(orderIn(status, [])))).toEqual({ on: 'nothing' });
    expect(why(stored(orderIn(status, [])))).toContain('It is in a final state and waits for nothing.');
  });
});

describe('the explanation', () => {
  const pending = stored(orderIn('PENDING', []));
  const progress = (more: Partial<GroupProgress> = {}) => ({
    progress: { members: 2, nextOffset: 30n, lag: 25n, ...more },
  });

  test('says who placed the order, when, and how long it has been in its state', () => {
    expect(why(pending)).toContain(`Order ${id} of CUST001, total 59.98 USD, was placed 3 min ago. It is PENDING.`);
    const moved = orderIn('REFUNDED', [], { updated_at: new Date(now.getTime() - 2_500), reason: 'PRICE_CHANGED' });
    expect(why(stored(moved))).toContain('It is REFUNDED (for 2 s), reason PRICE_CHANGED.');
  });

  test('says how far the group is from the record', () => {
    expect(why(pending, progress())).toContain(
      'It waits for payment-service to process order_placed (partition 3, offset 40). ' +
        '10 records are before it; the lag of payment-service there is 25 records.',
    );
    expect(why(pending, progress({ nextOffset: 40n, lag: 1n }))).toContain(
      'It is the next record for payment-service, whose lag there is 1 record.',
    );
  });

  test('says that no consumer is running', () => {
    expect(why(pending, progress({ members: 0 }))).toContain(
      'payment-service has no consumer running: start its service.',
    );
  });

  test('refers to the auditor when a group has committed past the record and stored nothing', () => {
    expect(why(pending, progress({ nextOffset: 41n }))).toContain(
      'payment-service has committed past that record and stored nothing: npm run audit',
    );
  });

  test('names the dead-lettered step, how to retry it, and that a cancellation ends the order', () => {
    const step = {
      id: 'payment-service/0/7',
      group: 'payment-service',
      topic: 'order_placed',
      since: placedAt,
      error: 'TypeError: no',
    };
    const text = why(pending, { ...progress({ nextOffset: 41n }), deadLetters: [step] });
    expect(text).toContain('payment-service has committed past that record, because it could not process it.');
    expect(text).toContain(
      'was dead-lettered 3 min ago: payment-service could not process order_placed (TypeError: no).',
    );
    expect(text).toContain('npm run dlq -- redrive payment-service/0/7 retries that step.');
    expect(text).toContain(`POST /orders/${id}/cancel`);
  });

  describe('of an order that is being cancelled', () => {
    const deadLetter = (group: string, topic: string) => ({
      id: `${group}/0/7`,
      group,
      topic,
      since: placedAt,
      error: 'no',
    });
    const cancelAdvice = `POST /orders/${id}/cancel`;

    test('advises to redrive the step that the cancellation waits for, and not to cancel again', () => {
      const text = why(stored(cancelling()), { deadLetters: [deadLetter('shipment-service', 'order_cancelled')] });
      expect(text).toContain('npm run dlq -- redrive shipment-service/0/7 retries that step.');
      expect(text).not.toContain(cancelAdvice);
      expect(text).not.toContain('discard');
    });

    test.each([
      ['in CANCELLING', stored(cancelling())],
      ['in CANCELLED', stored(orderIn('CANCELLED', []))],
    ])('advises to discard a step that the cancellation does not need, %s', (_, documents) => {
      const text = why(documents, { deadLetters: [deadLetter('inventory-service', 'payment_processed')] });
      expect(text).toContain('discard it with npm run dlq -- discard inventory-service/0/7;');
      expect(text).toContain('a redrive would charge and reserve nothing');
      expect(text).not.toContain('retries that step');
      expect(text).not.toContain(cancelAdvice);
    });
  });

  test('says that an event is stored and not published', () => {
    const outbox = [{ fact: 'order_placed:PENDING', at: placedAt }];
    const text = why(stored(orderIn('PENDING', [], { outbox, published: {} })));
    expect(text).toContain(
      'It waits for the order service to publish order_placed:PENDING, which has been in the outbox for 3 min',
    );
    const shipped = shipment('SHIPPED', {
      outbox: [{ fact: 'shipment_processed:SHIPPED', at: placedAt }],
    });
    expect(why(stored(reserved, { shipment: shipped }))).toContain('It waits for the shipment service to publish');
  });

  test('says when the parcel is due, or that it is overdue', () => {
    const dueIn = (ms: number) =>
      stored(reserved, { shipment: shipment('PROCESSING', { due_at: new Date(now.getTime() + ms) }) });
    expect(why(dueIn(90_000))).toContain('It waits for its parcel, which is due in 1 min.');
    expect(why(dueIn(-90_000))).toContain(
      'which was due 1 min ago: the timer of the shipment service should have shipped it',
    );
  });

  test('says that the gateway refused the refund permanently', () => {
    const refused = stored(orderIn('REFUNDING', ['inventory_updated:REJECTED']), {
      payment: payment('REFUNDING', { ...charged, reason: 'REFUND_REFUSED' }),
    });
    expect(why(refused)).toContain(
      'refused the refund permanently (REFUND_REFUSED): an operator has to refund the customer by hand',
    );
  });

  test('says what happened to money, stock and parcel', () => {
    const shipped = shipment('SHIPPED', { parcel: { tracking_number: 'TRK-00C0FFEE' } });
    const all = stored(orderIn('SHIPPED', []), {
      payment: payment('COMPLETED', charged),
      reservation: reservation('RESERVED'),
      shipment: shipped,
    });
    expect(why(all)).toContain(
      '59.98 USD were charged. Its stock is reserved. The parcel TRK-00C0FFEE has been shipped.',
    );
    const compensatedOrder = stored(orderIn('CANCELLED', []), {
      payment: payment('REFUNDED', { ...charged, ...compensated }),
      reservation: reservation('RELEASED'),
    });
    expect(why(compensatedOrder)).toContain(
      '59.98 USD were charged and refunded. Its stock was reserved and released.',
    );
    expect(why(stored(orderIn('PAYMENT_DECLINED', []), { payment: payment('DECLINED') }))).toContain(
      'Nothing was charged.',
    );
  });
});

test('the timeline has the steps in the order of their times, with the positions of their records', () => {
  const order = orderIn('PAID', ['payment_processed:COMPLETED'], {
    outbox: [{ fact: 'order_placed:PENDING', at: placedAt }],
    published: {},
  });
  expect(timelineTable(timelineOf(order))).toEqual([
    'TIME                      AFTER  TOPIC              STATUS     PARTITION/OFFSET   REASON',
    '2026-03-01T12:00:00.000Z  +0 ms  order_placed       PENDING    not published yet',
    '2026-03-01T12:00:01.000Z  +1 s   payment_processed  COMPLETED  3/50',
  ]);
});
