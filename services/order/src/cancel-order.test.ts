import { describe, expect, test } from '@jest/globals';
import { factOf, sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { Registry } from '@order-pipeline/runtime';
import { createCancelOrder } from './cancel-order.ts';
import { createOrderMetrics } from './order-metrics.ts';
import { placeOrder, recordFact, type Order } from './order.ts';

const events = sampleEvents();
const { order_id: orderId, customer_id, items, shipping_address } = events.placed.data;
const now = new Date();

const placed: Order = {
  ...placeOrder({ orderId, now, customer_id, items, shipping_address, currency: 'USD' }).order,
  version: 1,
};

function after(order: Order, event: PipelineEvent): Order {
  const decision = recordFact(order, { event, topic: event.type, partition: 0, offset: '0' }, now);
  if (decision.outcome !== 'accepted') throw new Error(decision.outcome);
  return { ...decision.document, version: order.version + 1 };
}

/** The use case over one order in memory; `interfere` changes it between its read and its write, as another replica does. */
function open(order: Order | undefined, interfere: (order: Order) => Order = (same) => same) {
  const stored = { order };
  const pushed: PipelineEvent[] = [];
  const cancelOrder = createCancelOrder({
    repository: {
      find: async (id) => (stored.order?._id === id ? stored.order : undefined),
      async saveWithEvent(before, changed) {
        stored.order = interfere(stored.order!);
        if (stored.order.version !== before.version) return false;
        stored.order = { ...changed, version: before.version + 1 };
        return true;
      },
    },
    relay: { push: (more) => void pushed.push(...more) },
    metrics: createOrderMetrics(new Registry()),
  });
  return { cancelOrder, pushed, stored };
}

describe('cancelling an order', () => {
  test('stores the cancellation and hands its event to the relay', async () => {
    const { cancelOrder, pushed, stored } = open(placed);
    expect(await cancelOrder(orderId)).toMatchObject({ outcome: 'accepted', order: { status: 'CANCELLING' } });
    expect(stored.order?.status).toBe('CANCELLING');
    expect(pushed.map(factOf)).toEqual(['order_cancelled:CANCELLING']);
  });

  test('changes nothing when the order is CANCELLING already', async () => {
    const { cancelOrder, pushed } = open(placed);
    await cancelOrder(orderId);
    expect(await cancelOrder(orderId)).toMatchObject({ outcome: 'accepted', order: { status: 'CANCELLING' } });
    expect(pushed).toHaveLength(1);
  });

  test('is refused after the parcel has left', async () => {
    const { cancelOrder, pushed } = open(after(placed, events.shipped));
    expect(await cancelOrder(orderId)).toMatchObject({ outcome: 'refused', order: { status: 'SHIPPED' } });
    expect(pushed).toEqual([]);
  });

  test('knows no order that was never placed', async () => {
    expect(await open(undefined).cancelOrder(orderId)).toEqual({ outcome: 'unknown-order' });
  });

  test('decides again after a conflict', async () => {
    let conflicts = 2;
    const touched = (order: Order) => ({ ...order, version: order.version + 1 });
    const { cancelOrder, pushed } = open(placed, (order) => (conflicts-- > 0 ? touched(order) : order));
    expect(await cancelOrder(orderId)).toMatchObject({ outcome: 'accepted' });
    expect(pushed).toHaveLength(1);
  });

  test('publishes nothing for a losing decision: a shipment that was faster wins', async () => {
    let isFirst = true;
    const { cancelOrder, pushed } = open(placed, (order) => {
      if (!isFirst) return order;
      isFirst = false;
      return after(order, events.shipped);
    });
    expect(await cancelOrder(orderId)).toMatchObject({ outcome: 'refused', order: { status: 'SHIPPED' } });
    expect(pushed).toEqual([]);
  });

  test('gives up after a limited number of conflicts', async () => {
    const { cancelOrder, pushed } = open(placed, (order) => ({ ...order, version: order.version + 1 }));
    expect(await cancelOrder(orderId)).toEqual({ outcome: 'conflict' });
    expect(pushed).toEqual([]);
  });
});
