import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { factOf, sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import { canReach, type OrderState } from '@order-pipeline/events/order-lifecycle';
import { cancelOrder, placeOrder, recordFact, type Order } from './order.ts';

const events = sampleEvents();
const { customer_id, items, shipping_address } = events.placed.data;
const now = new Date('2024-05-18T12:00:00.000Z');
const because = <Event extends PipelineEvent>(event: Event, reason: string): Event => ({
  ...event,
  data: { ...event.data, reason },
});

interface Scenario {
  readonly events: readonly PipelineEvent[];
  /** Whether the customer cancels as soon as possible. */
  readonly cancels: boolean;
  readonly end: OrderState;
  readonly reason?: string;
}

/** All events of the other services about one order, by how it ends. */
const scenarios: Record<string, Scenario> = {
  shipped: { events: [events.paid, events.reserved, events.shipped], cancels: false, end: 'SHIPPED' },
  declined: { events: [events.declined], cancels: false, end: 'PAYMENT_DECLINED', reason: 'CUSTOMER_DECLINED' },
  refunded: {
    events: [events.paid, events.rejected, events.refunded],
    cancels: false,
    end: 'REFUNDED',
    reason: 'INSUFFICIENT_STOCK',
  },
  'cancelled too late': { events: [events.paid, events.reserved, events.shipped], cancels: true, end: 'SHIPPED' },
  'cancelled before it was charged': {
    events: [events.shipmentCancelled, because(events.declined, 'ORDER_CANCELLED')],
    cancels: true,
    end: 'CANCELLED',
    reason: 'ORDER_CANCELLED',
  },
  'cancelled while it was declined': {
    events: [events.shipmentCancelled, events.declined],
    cancels: true,
    end: 'CANCELLED',
    reason: 'CUSTOMER_DECLINED',
  },
  'cancelled before it was reserved': {
    events: [
      events.paid,
      events.shipmentCancelled,
      because(events.rejected, 'ORDER_CANCELLED'),
      because(events.refunded, 'ORDER_CANCELLED'),
    ],
    cancels: true,
    end: 'CANCELLED',
    reason: 'ORDER_CANCELLED',
  },
  'cancelled while there was no stock': {
    events: [events.paid, events.shipmentCancelled, events.rejected, because(events.refunded, 'ORDER_CANCELLED')],
    cancels: true,
    end: 'CANCELLED',
    reason: 'ORDER_CANCELLED',
  },
  'cancelled after it was reserved': {
    events: [
      events.paid,
      events.reserved,
      events.shipmentCancelled,
      because(events.refunded, 'ORDER_CANCELLED'),
      events.released,
    ],
    cancels: true,
    end: 'CANCELLED',
    reason: 'ORDER_CANCELLED',
  },
};

const placed = (): Order =>
  placeOrder({
    orderId: sampleOrderId,
    now,
    customer_id,
    items,
    shipping_address,
    currency: 'USD',
    requestHash: '',
  }).order;

const record = (order: Order, event: PipelineEvent) =>
  recordFact(order, { event, topic: event.type, partition: 0, offset: '0' }, now);

function cancel(order: Order): Order {
  const cancellation = cancelOrder(order, now);
  return cancellation.outcome === 'accepted' ? cancellation.order : order;
}

/** The events of a scenario in any order, each delivered one to four times. */
const deliveriesOf = (scenario: Scenario): fc.Arbitrary<PipelineEvent[]> =>
  fc.array(fc.nat({ max: scenario.events.length - 1 }), { maxLength: 3 * scenario.events.length }).chain((again) => {
    const all = [...scenario.events, ...again.map((index) => scenario.events[index]!)];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });

const cases = Object.entries(scenarios);

describe.each(cases)('an order that is %s', (_, scenario) => {
  test('only moves forward, however late, often and out of order its events are delivered', () => {
    fc.assert(
      fc.property(deliveriesOf(scenario), (delivered) => {
        let order = scenario.cancels ? cancel(placed()) : placed();
        for (const event of delivered) {
          const decision = record(order, event);
          const next = decision.outcome === 'accepted' ? decision.document : order;
          if (!canReach(order.status, next.status)) {
            throw new Error(`${factOf(event)} moved the order from ${order.status} to ${next.status}`);
          }
          order = next;
        }
        return order.status === scenario.end && order.reason === scenario.reason;
      }),
      { numRuns: 1_000 },
    );
  });

  test('ends in the same state, whatever the order of delivery', () => {
    const endOf = (delivered: readonly PipelineEvent[]): Order =>
      delivered.reduce<Order>(
        (order, event) => {
          const decision = record(order, event);
          return decision.outcome === 'accepted' ? decision.document : order;
        },
        scenario.cancels ? cancel(placed()) : placed(),
      );
    const expected = endOf(scenario.events);
    fc.assert(
      fc.property(deliveriesOf(scenario), (delivered) => {
        expect(endOf(delivered)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('is not changed by a duplicate', () => {
    fc.assert(
      fc.property(deliveriesOf(scenario), (delivered) => {
        const known = new Set<PipelineEvent>();
        let order = scenario.cancels ? cancel(placed()) : placed();
        for (const event of delivered) {
          const decision = record(order, event);
          if ((decision.outcome === 'repeated') !== known.has(event)) return false;
          if (decision.outcome === 'accepted') order = decision.document;
          known.add(event);
        }
        return true;
      }),
      { numRuns: 200 },
    );
  });
});

describe('a customer who cancels repeatedly at any moment', () => {
  test.each(cases)('moves an order that is %s only forward', (_, scenario) => {
    const withCancels = fc.tuple(deliveriesOf(scenario), fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }));
    fc.assert(
      fc.property(withCancels, ([delivered, cancels]) => {
        let order = scenario.cancels ? cancel(placed()) : placed();
        for (const [index, event] of delivered.entries()) {
          const decision = record(order, event);
          const known = decision.outcome === 'accepted' ? decision.document : order;
          const next = cancels[index] === true ? cancel(known) : known;
          if (!canReach(order.status, known.status) || !canReach(known.status, next.status)) return false;
          order = next;
        }
        return true;
      }),
      { numRuns: 500 },
    );
  });
});
