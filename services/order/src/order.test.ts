import { describe, expect, test } from '@jest/globals';
import { factOf, sampleEvents, sampleOrderId, totalMinor, type PipelineEvent } from '@order-pipeline/events';
import {
  canReach,
  facts as allFacts,
  timelineState,
  transitions,
  type OrderState,
} from '@order-pipeline/events/order-lifecycle';
import { cancelOrder, placeOrder, recordFact, timelineOf, type Facts, type Order } from './order.ts';

const events = sampleEvents();
const now = new Date('2024-05-18T12:00:00.000Z');
const later = new Date('2024-05-18T12:00:09.000Z');
const { customer_id, items, shipping_address } = events.placed.data;

const place = (extra: Partial<Parameters<typeof placeOrder>[0]> = {}) =>
  placeOrder({
    orderId: sampleOrderId,
    now,
    customer_id,
    items,
    shipping_address,
    currency: 'USD',
    requestHash: 'hash',
    ...extra,
  });

const received = (event: PipelineEvent, offset = '7') => ({ event, topic: event.type, partition: 3, offset });

/** The order after these events, in this order. */
const after = (...batch: PipelineEvent[]): Order =>
  batch.reduce((order, event) => {
    const decision = recordFact(order, received(event), later);
    return decision.outcome === 'accepted' ? decision.document : order;
  }, place().order);

function cancelled(order: Order): Order {
  const cancellation = cancelOrder(order, later);
  if (cancellation.outcome !== 'accepted') throw new Error(`the cancellation was ${cancellation.outcome}`);
  return cancellation.order;
}

describe('placing an order', () => {
  test('returns a PENDING order and its order_placed event', () => {
    const { order, event } = place();
    expect(event).toEqual(events.placed);
    expect(order).toEqual({
      _id: sampleOrderId,
      version: 0,
      status: 'PENDING',
      customer_id,
      items,
      shipping_address,
      total_minor: 109_97,
      currency: 'USD',
      created_at: now,
      updated_at: now,
      facts: { 'order_placed:PENDING': { time: now.toISOString(), topic: 'order_placed' } },
      request_hash: 'hash',
    });
  });

  test('computes the total itself, also with a product twice', () => {
    const twice = [...items, { product_id: 'P001', quantity: 1, price_minor: 1_00 }];
    const { order, event } = place({ items: twice });
    expect(order.items).toEqual(twice);
    expect(order.total_minor).toBe(totalMinor(twice));
    expect(event.data.total_minor).toBe(110_97);
  });

  test('stores the trace and the idempotency key where there are any', () => {
    const { order, event } = place({ traceparent: '00-a-b-00', idempotencyKey: 'key' });
    expect(order).toMatchObject({ traceparent: '00-a-b-00', idempotency_key: 'key' });
    expect(event.traceparent).toBe('00-a-b-00');
  });
});

describe('each transition of the table', () => {
  const step = (before: Order, event: PipelineEvent): [OrderState, OrderState] => {
    const decision = recordFact(before, received(event), later);
    return [before.status, decision.outcome === 'accepted' ? decision.document.status : before.status];
  };
  const cancel = (before: Order): [OrderState, OrderState] => [before.status, cancelled(before).status];

  test('is a transition that an order takes, and no other is', () => {
    const taken = [
      step(after(), events.paid),
      step(after(), events.declined),
      cancel(after()),
      step(after(events.paid), events.reserved),
      step(after(events.paid), events.rejected),
      cancel(after(events.paid)),
      step(after(events.paid, events.reserved), events.shipped),
      cancel(after(events.paid, events.reserved)),
      step(after(events.paid, events.rejected), events.refunded),
      step(after(events.paid, events.shipmentCancelled), events.refunded),
      step(cancelled(after(events.paid, events.reserved)), events.shipped),
    ];
    const inTable = Object.entries(transitions).flatMap(([from, nexts]) => nexts.map((next) => [from, next]));
    expect(taken).toEqual(inTable);
  });
});

describe('a fact', () => {
  test.each(Object.values(events).map((event) => [factOf(event), event] as const))(
    '%s alone leads to a legal state',
    (_, event) => {
      expect(canReach('PENDING', after(event).status)).toBe(true);
    },
  );

  test.each<[OrderState, PipelineEvent[]]>([
    ['PENDING', []],
    ['PAID', [events.paid]],
    ['RESERVED', [events.paid, events.reserved]],
    ['SHIPPED', [events.paid, events.reserved, events.shipped]],
    ['PAYMENT_DECLINED', [events.declined]],
    ['REFUNDING', [events.paid, events.rejected]],
    ['REFUNDED', [events.paid, events.rejected, events.refunded]],
    ['CANCELLING', [events.paid, events.shipmentCancelled]],
    ['CANCELLED', [events.shipmentCancelled, events.declined]],
  ])('%s is the state of these facts', (state, known) => {
    expect(after(...known).status).toBe(state);
    expect(after(...known.toReversed()).status).toBe(state);
  });

  test('of another service is recorded with the partition, offset and reason of its event', () => {
    const decision = recordFact(place().order, received(events.declined, '42'), later);
    expect(decision).toEqual({
      outcome: 'accepted',
      events: [],
      document: {
        ...place().order,
        status: 'PAYMENT_DECLINED',
        updated_at: later,
        reason: 'CUSTOMER_DECLINED',
        facts: {
          ...place().order.facts,
          'payment_processed:DECLINED': {
            time: events.declined.data.timestamp,
            topic: 'payment_processed',
            partition: 3,
            offset: '42',
            reason: 'CUSTOMER_DECLINED',
          },
        },
      },
    });
  });

  test('that is known already changes nothing and publishes nothing, whatever its offset is this time', () => {
    const order = after(events.paid, events.reserved);
    expect(recordFact(order, received(events.paid, '99'), later)).toEqual({ outcome: 'repeated', events: [] });
  });
});

describe('cancelling an order', () => {
  test.each<[OrderState, Order]>([
    ['PENDING', after()],
    ['PAID', after(events.paid)],
    ['RESERVED', after(events.paid, events.reserved)],
  ])('is accepted while it is %s', (state, order) => {
    expect(order.status).toBe(state);
    const cancellation = cancelOrder(order, later);
    expect(cancellation).toEqual({
      outcome: 'accepted',
      event: {
        type: 'order_cancelled',
        data: { order_id: sampleOrderId, status: 'CANCELLING', timestamp: later.toISOString() },
      },
      order: {
        ...order,
        status: 'CANCELLING',
        updated_at: later,
        facts: {
          ...order.facts,
          'order_cancelled:CANCELLING': { time: later.toISOString(), topic: 'order_cancelled' },
        },
      },
    });
  });

  test('continues the trace of the order', () => {
    const { order } = place({ traceparent: '00-a-b-00' });
    expect(cancelOrder(order, later)).toMatchObject({ event: { traceparent: '00-a-b-00' } });
  });

  test.each([
    ['CANCELLING', cancelled(after())],
    ['CANCELLED', after(events.shipmentCancelled, events.declined)],
  ])('once more is no news while it is %s', (state, order) => {
    expect(order.status).toBe(state);
    expect(cancelOrder(order, later)).toEqual({ outcome: 'repeated' });
  });

  test.each([
    ['REFUNDING', after(events.paid, events.rejected)],
    ['SHIPPED', after(events.paid, events.reserved, events.shipped)],
    ['PAYMENT_DECLINED', after(events.declined)],
    ['REFUNDED', after(events.paid, events.rejected, events.refunded)],
  ])('is refused when it is %s', (state, order) => {
    expect(order.status).toBe(state);
    expect(cancelOrder(order, later)).toEqual({ outcome: 'refused', state });
  });

  test('ends only when both the shipment and the payment have confirmed it, in either order', () => {
    const cancelling = cancelled(after(events.paid, events.reserved));
    for (const [first, second] of [
      [events.shipmentCancelled, events.refunded],
      [events.refunded, events.shipmentCancelled],
    ] as const) {
      const [half, whole] = [[first], [first, second]].map((batch) =>
        batch.reduce<Order>((order, event) => {
          const decision = recordFact(order, received(event), later);
          return decision.outcome === 'accepted' ? decision.document : order;
        }, cancelling),
      );
      expect(half?.status).toBe('CANCELLING');
      expect(whole?.status).toBe('CANCELLED');
    }
  });

  test('ends in SHIPPED when the parcel left first', () => {
    const decision = recordFact(cancelled(after(events.paid, events.reserved)), received(events.shipped), later);
    expect(decision).toMatchObject({ document: { status: 'SHIPPED' } });
  });
});

describe('the anomalies of a saga', () => {
  const record = (order: Order, event: PipelineEvent) => recordFact(order, received(event), later);

  test('duplicate compensation: a cancellation and a refund that are delivered twice count once', () => {
    const order = [events.shipmentCancelled, events.refunded].reduce<Order>(
      (known, event) => {
        const decision = record(known, event);
        return decision.outcome === 'accepted' ? decision.document : known;
      },
      cancelled(after(events.paid)),
    );
    expect(order.status).toBe('CANCELLED');
    for (const event of [events.refunded, events.shipmentCancelled, events.refunded]) {
      expect(record(order, event)).toEqual({ outcome: 'repeated', events: [] });
    }
  });

  test('empty rollback: an order is cancelled before anything happened that needs compensation', () => {
    const decision = record(cancelled(after()), { ...events.shipmentCancelled });
    expect(decision).toMatchObject({ document: { status: 'CANCELLING' } });
    const nothingCharged = { ...events.declined, data: { ...events.declined.data, reason: 'ORDER_CANCELLED' } };
    const end = record((decision as { document: Order }).document, nothingCharged);
    expect(end).toMatchObject({ document: { status: 'CANCELLED', reason: 'ORDER_CANCELLED' } });
  });

  test('hanging action: an event that arrives after the cancellation ended does not revive the order', () => {
    const ended = after(events.shipmentCancelled, events.refunded);
    expect(ended.status).toBe('CANCELLED');
    for (const event of [events.paid, events.reserved, events.rejected, events.released]) {
      expect(record(ended, event)).toMatchObject({ outcome: 'accepted', document: { status: 'CANCELLED' } });
    }
  });
});

describe('the timeline', () => {
  test('lists the steps in the order in which they happened, not in which they arrived', () => {
    const { facts } = after(events.refunded, events.rejected, events.paid);
    const steps = timelineOf(facts);
    expect(steps.map(({ state }) => state)).toEqual(['PENDING', 'PAID', 'REFUNDING', 'REFUNDED']);
    expect(steps[2]).toEqual({
      state: 'REFUNDING',
      time: events.rejected.data.timestamp,
      topic: 'inventory_updated',
      partition: 3,
      offset: '7',
      reason: 'INSUFFICIENT_STOCK',
    });
  });

  test('lists steps of the same moment in the order of the saga', () => {
    const at = (fact: string): Facts[string] => ({ time: now.toISOString(), topic: fact.split(':')[0]! });
    const facts = Object.fromEntries(allFacts.map((fact) => [fact, at(fact)]));
    const shuffled = Object.fromEntries(Object.entries(facts).toReversed());
    expect(timelineOf(shuffled)).toEqual(timelineOf(facts));
    expect(timelineOf(facts).map(({ state }) => state)).toEqual(allFacts.map(timelineState));
  });

  test('compares times by the moment they name, whatever their format', () => {
    const facts: Facts = {
      'payment_processed:COMPLETED': { time: '2024-05-18T12:00:00.25Z', topic: 'payment_processed' },
      'order_placed:PENDING': { time: '2024-05-18T12:00:00Z', topic: 'order_placed' },
      'inventory_updated:RESERVED': { time: '2024-05-18T12:00:01Z', topic: 'inventory_updated' },
    };
    expect(timelineOf(facts).map(({ state }) => state)).toEqual(['PENDING', 'PAID', 'RESERVED']);
  });

  test('leaves out facts that a newer release has recorded', () => {
    expect(timelineOf({ 'parcel_tracked:SEEN': { time: now.toISOString(), topic: 'parcel_tracked' } })).toEqual([]);
  });
});
