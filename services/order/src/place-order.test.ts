import { describe, expect, test } from '@jest/globals';
import { factOf, type PipelineEvent } from '@order-pipeline/events';
import { Registry } from '@order-pipeline/runtime';
import { OutageError } from '@order-pipeline/resilience';
import { createOrderMetrics } from './order-metrics.ts';
import { createPlaceOrder, type PlaceOrderRequest } from './place-order.ts';
import type { Order, OrderWithEvent } from './order.ts';

const body = {
  customer_id: 'CUST001',
  items: [{ product_id: 'P001', quantity: 2, price: 29.99 }],
  shipping_address: '123 Main St',
  total_amount: 59.98,
};
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The use case over orders in memory, unique by idempotency key as in the database. */
function open({ isFull = false, failure }: { isFull?: boolean; failure?: Error } = {}) {
  const orders: Order[] = [];
  const pushed: PipelineEvent[] = [];
  const registry = new Registry();
  const placeOrder = createPlaceOrder({
    repository: {
      async accept({ order }: OrderWithEvent<'order_placed'>) {
        if (failure) throw failure;
        const { idempotency_key: key } = order;
        const earlier = orders.find(({ idempotency_key }) => key !== undefined && idempotency_key === key);
        if (!earlier) orders.push(order);
        return earlier ?? order;
      },
    },
    relay: { isFull: () => isFull, push: (events) => void pushed.push(...events) },
    metrics: createOrderMetrics(registry),
  });
  const pendingCount = async () =>
    (await registry.getSingleMetric('orders_total')!.get()).values.find(({ labels }) => labels['state'] === 'PENDING')
      ?.value;
  const place = (request: Partial<PlaceOrderRequest> = {}) =>
    placeOrder({ body, idempotencyKey: undefined, traceparent: undefined, ...request });
  return { place, orders, pushed, pendingCount };
}

describe('placing an order', () => {
  test('stores it, hands its event to the relay, and counts it', async () => {
    const { place, orders, pushed, pendingCount } = open();
    expect(await place()).toEqual({ outcome: 'accepted', order: orders[0] });
    expect(orders[0]).toMatchObject({ status: 'PENDING', total_minor: 59_98, customer_id: 'CUST001' });
    expect(pushed.map((event) => [factOf(event), event.data.order_id])).toEqual([
      ['order_placed:PENDING', orders[0]!._id],
    ]);
    expect(await pendingCount()).toBe(1);
  });

  test('returns the first order to every request with its idempotency key, and publishes nothing again', async () => {
    const { place, orders, pushed, pendingCount } = open();
    const first = await place({ idempotencyKey: 'key' });
    expect(await place({ idempotencyKey: 'key' })).toEqual(first);
    expect([orders.length, pushed.length, await pendingCount()]).toEqual([1, 1, 1]);
  });

  test('refuses a key that was used with another body', async () => {
    const { place, pushed } = open();
    await place({ idempotencyKey: 'key' });
    const other = { ...body, shipping_address: '1 Other St' };
    expect(await place({ idempotencyKey: 'key', body: other })).toEqual({ outcome: 'key-reused' });
    expect(pushed).toHaveLength(1);
  });

  test('stores nothing while the outbox is full', async () => {
    const { place, orders } = open({ isFull: true });
    expect(await place()).toEqual({ outcome: 'outbox-full' });
    expect(orders).toEqual([]);
  });

  test('publishes nothing that is not confirmed', async () => {
    const failure = new OutageError('mongodb', 'no confirmation');
    const { place, pushed, pendingCount } = open({ failure });
    await expect(place()).rejects.toBe(failure);
    expect([pushed.length, await pendingCount()]).toEqual([0, 0]);
  });

  test("continues the caller's trace, and begins one where the caller has none", async () => {
    const { place, orders, pushed } = open();
    await place({ traceparent });
    await place({ traceparent: '00-not-a-traceparent' });
    expect(orders.map((order) => order.traceparent)).toEqual([
      traceparent,
      expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/u),
    ]);
    expect(pushed.map((event) => event.traceparent)).toEqual(orders.map((order) => order.traceparent));
  });
});
