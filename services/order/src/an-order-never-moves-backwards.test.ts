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

interface Story {
  readonly told: readonly PipelineEvent[];
  /** Whether the customer cancels, as soon as that is allowed. */
  readonly cancels: boolean;
  readonly end: OrderState;
  readonly reason?: string;
}

/** Everything that the other services can ever tell about one order, by how it ends. */
const stories: Record<string, Story> = {
  shipped: { told: [events.paid, events.reserved, events.shipped], cancels: false, end: 'SHIPPED' },
  declined: { told: [events.declined], cancels: false, end: 'PAYMENT_DECLINED', reason: 'CUSTOMER_DECLINED' },
  refunded: {
    told: [events.paid, events.rejected, events.refunded],
    cancels: false,
    end: 'REFUNDED',
    reason: 'INSUFFICIENT_STOCK',
  },
  'cancelled too late': { told: [events.paid, events.reserved, events.shipped], cancels: true, end: 'SHIPPED' },
  'cancelled before it was charged': {
    told: [events.shipmentCancelled, because(events.declined, 'ORDER_CANCELLED')],
    cancels: true,
    end: 'CANCELLED',
    reason: 'ORDER_CANCELLED',
  },
  'cancelled while it was declined': {
    told: [events.shipmentCancelled, events.declined],
    cancels: true,
    end: 'CANCELLED',
    reason: 'CUSTOMER_DECLINED',
  },
  'cancelled before it was reserved': {
    told: [
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
    told: [events.paid, events.shipmentCancelled, events.rejected, because(events.refunded, 'ORDER_CANCELLED')],
    cancels: true,
    end: 'CANCELLED',
    reason: 'ORDER_CANCELLED',
  },
  'cancelled after it was reserved': {
    told: [
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

const tell = (order: Order, event: PipelineEvent) =>
  recordFact(order, { event, topic: event.type, partition: 0, offset: '0' }, now);

function cancel(order: Order): Order {
  const cancellation = cancelOrder(order, now);
  return cancellation.outcome === 'accepted' ? cancellation.order : order;
}

/** The events of a story in any order at all, each told once to four times, early or late. */
const deliveriesOf = (story: Story): fc.Arbitrary<PipelineEvent[]> =>
  fc.array(fc.nat({ max: story.told.length - 1 }), { maxLength: 3 * story.told.length }).chain((again) => {
    const all = [...story.told, ...again.map((index) => story.told[index]!)];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });

const cases = Object.entries(stories);

describe.each(cases)('an order that is %s', (_, story) => {
  test('only ever moves forward, however late, often and out of order its events come', () => {
    fc.assert(
      fc.property(deliveriesOf(story), (delivered) => {
        let order = story.cancels ? cancel(placed()) : placed();
        for (const event of delivered) {
          const decision = tell(order, event);
          const next = decision.outcome === 'accepted' ? decision.document : order;
          if (!canReach(order.status, next.status)) {
            throw new Error(`${factOf(event)} moved the order from ${order.status} to ${next.status}`);
          }
          order = next;
        }
        return order.status === story.end && order.reason === story.reason;
      }),
      { numRuns: 1_000 },
    );
  });

  test('ends the same, whatever the order of arrival', () => {
    const endOf = (delivered: readonly PipelineEvent[]): Order =>
      delivered.reduce<Order>(
        (order, event) => {
          const decision = tell(order, event);
          return decision.outcome === 'accepted' ? decision.document : order;
        },
        story.cancels ? cancel(placed()) : placed(),
      );
    const expected = endOf(story.told);
    fc.assert(
      fc.property(deliveriesOf(story), (delivered) => {
        expect(endOf(delivered)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('learns nothing from a repetition', () => {
    fc.assert(
      fc.property(deliveriesOf(story), (delivered) => {
        const known = new Set<PipelineEvent>();
        let order = story.cancels ? cancel(placed()) : placed();
        for (const event of delivered) {
          const decision = tell(order, event);
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

describe('a customer who cancels again and again at any moment', () => {
  test.each(cases)('of an order that is %s, moves it forward only', (_, story) => {
    const withCancels = fc.tuple(deliveriesOf(story), fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }));
    fc.assert(
      fc.property(withCancels, ([delivered, cancels]) => {
        let order = story.cancels ? cancel(placed()) : placed();
        for (const [index, event] of delivered.entries()) {
          const decision = tell(order, event);
          const told = decision.outcome === 'accepted' ? decision.document : order;
          const next = cancels[index] === true ? cancel(told) : told;
          if (!canReach(order.status, told.status) || !canReach(told.status, next.status)) return false;
          order = next;
        }
        return true;
      }),
      { numRuns: 500 },
    );
  });
});
