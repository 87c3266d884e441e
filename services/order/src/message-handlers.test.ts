import { describe, expect, test } from '@jest/globals';
import { sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { Counter, createMetrics, tracedHistogram } from '@order-pipeline/runtime';
import { storeInMemory } from '../../../packages/mongo/test/store-in-memory.ts';
import { createOrderHandler } from './message-handlers.ts';
import { placeOrder, type Order } from './order.ts';

const events = sampleEvents();
const { order_id: orderId, customer_id, items, shipping_address } = events.placed.data;
const received = (...batch: PipelineEvent[]) =>
  batch.map((event, index) => ({ event, topic: event.type, partition: 0, offset: String(index) }));

function open() {
  const { order } = placeOrder({
    orderId,
    now: new Date(Date.now() - 1_500),
    customer_id,
    items,
    shipping_address,
    currency: 'USD',
    requestHash: '',
  });
  const store = storeInMemory<Order>([{ ...order, version: 1 }]);
  const registry = createMetrics('order');
  const entered = new Counter({ name: 'orders_total', help: '-', labelNames: ['state'], registers: [registry] });
  const observeShipped = tracedHistogram(registry, { name: 'placed_to_shipped_seconds', help: '-', buckets: [1] });
  const handle = createOrderHandler({ store }, { entered, observeShipped });
  const countOf = async (name: string): Promise<Record<string, number>> => {
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
    return Object.fromEntries(
      lines.map((line) => [/state="(\w+)"/.exec(line)?.[1] ?? line.split(/[{ ]/)[0]!, Number(line.split(' ').at(-1))]),
    );
  };
  return { handle, store, countOf };
}

describe('the order handler', () => {
  test('records the facts of a batch, and returns no outcome', async () => {
    const { handle, store } = open();
    expect(await handle(received(events.paid, events.reserved, events.shipped, events.paid))).toEqual([]);
    expect(store.documents.get(orderId)).toMatchObject({ status: 'SHIPPED', version: 2 });
    expect(Object.keys(store.documents.get(orderId)!.facts)).toHaveLength(4);
  });

  test('counts each state once, however often its event is delivered', async () => {
    const { handle, countOf } = open();
    await handle(received(events.paid));
    await handle(received(events.paid, events.paid));
    await handle(received(events.reserved, events.shipped));
    expect(await countOf('orders_total')).toEqual({ PAID: 1, SHIPPED: 1 });
  });

  test('does not count a fact that leaves the state as it is', async () => {
    const { handle, countOf } = open();
    await handle(received(events.reserved));
    await handle(received(events.paid));
    expect(await countOf('orders_total')).toEqual({ RESERVED: 1 });
  });

  test('measures the time from placing to shipping, once', async () => {
    const { handle, countOf } = open();
    await handle(received(events.reserved));
    await handle(received(events.shipped));
    await handle(received(events.shipped, events.paid));
    expect(await countOf('placed_to_shipped_seconds_count')).toEqual({ placed_to_shipped_seconds_count: 1 });
    expect((await countOf('placed_to_shipped_seconds_sum'))['placed_to_shipped_seconds_sum']).toBeGreaterThan(1.4);
  });

  test('fails on an event of an unknown order, which the consumer then dead-letters', async () => {
    const { handle, store } = open();
    const stranger = sampleEvents('018f8c1e-7a00-7000-8000-00000000000b').paid;
    await expect(handle(received(events.paid, stranger))).rejects.toThrow(/is not known here/u);
    expect(store.documents.get(orderId)?.version).toBe(1);
  });
});
