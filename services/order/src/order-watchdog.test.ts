import { describe, expect, jest, test } from '@jest/globals';
import { sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { createMetrics, Gauge } from '@order-pipeline/runtime';
import type { GroupLagReader } from '@order-pipeline/kafka';
import type { OrderWithoutEvents } from './order-repository.ts';
import { createOrderWatchdog } from './order-watchdog.ts';
import { placeOrder, recordFact, type Order } from './order.ts';

jest.setTimeout(30_000);

const stuckAfterMs = 60_000;

/** An order that was told some events, and has not moved for so long. */
function order(number: number, unmovedForMs: number, ...told: ('paid' | 'reserved')[]): Order {
  const id = `018f8c1e-7a00-7000-8000-${String(number).padStart(12, '0')}`;
  const events = sampleEvents(id);
  const { customer_id, items, shipping_address } = events.placed.data;
  const at = new Date(Date.now() - unmovedForMs);
  const { order: placed } = placeOrder({
    orderId: id,
    now: at,
    customer_id,
    items,
    shipping_address,
    currency: 'USD',
    requestHash: '',
  });
  return told.reduce<Order>((known, name) => {
    const event: PipelineEvent = events[name];
    const decision = recordFact(known, { event, topic: event.type, partition: 0, offset: '0' }, at);
    return decision.outcome === 'accepted' ? decision.document : known;
  }, placed);
}

function open(
  orders: OrderWithoutEvents[],
  { lagOf = async () => 7n, failures = 0 }: { lagOf?: GroupLagReader['lagOf']; failures?: number } = {},
) {
  const registry = createMetrics('order');
  const logged: Record<string, unknown>[] = [];
  let looks = 0;
  const quiet = (): void => {};
  const watchdog = createOrderWatchdog({
    repository: {
      async findUnmoved(since, limit) {
        looks += 1;
        if (looks <= failures) throw new Error('away');
        return orders
          .filter(({ updated_at }) => updated_at < since)
          .toSorted((a, b) => a.updated_at.getTime() - b.updated_at.getTime())
          .slice(0, limit);
      },
    },
    lagReader: { lagOf },
    stuck: new Gauge({
      name: 'orders_stuck',
      help: '-',
      labelNames: ['consumer_group', 'topic'],
      registers: [registry],
    }),
    logger: { debug: quiet, info: quiet, error: quiet, warn: (fields) => void logged.push(fields as never) },
    stuckAfterMs,
    checkEveryMs: 5,
  });
  const gauge = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('orders_stuck{'));
  const looked = async (times: number): Promise<void> => {
    const deadlineMs = performance.now() + 20_000;
    while (looks < times && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(looks).toBeGreaterThanOrEqual(times);
  };
  return { watchdog, logged, gauge, looked };
}

describe('the watchdog', () => {
  test('names each step that is stuck once, with its consumer group, its lag and its oldest order', async () => {
    const orders = [
      order(1, 90_000),
      order(2, 120_000),
      order(3, 70_000, 'paid'),
      order(4, 30_000, 'paid', 'reserved'),
    ];
    const { watchdog, logged, gauge, looked } = open(orders);
    watchdog.start();
    await looked(2);
    await watchdog.stop();
    expect(logged.slice(0, 2)).toMatchObject([
      {
        orders: 2,
        consumer_group: 'payment-service',
        topic: 'order_placed',
        lag: 7,
        order_id: orders[1]!._id,
        state: 'PENDING',
        unmoved_since: orders[1]!.updated_at,
      },
      {
        orders: 1,
        consumer_group: 'inventory-service',
        topic: 'payment_processed',
        order_id: orders[2]!._id,
        state: 'PAID',
      },
    ]);
    expect((await gauge()).map((line) => line.replace(/service="order",?/, ''))).toEqual([
      expect.stringMatching(/payment-service.*order_placed.* 2$/u),
      expect.stringMatching(/inventory-service.*payment_processed.* 1$/u),
    ]);
  });

  test.each([
    ['the group that has the next record', { 'payment-service': 3n, 'order-service': 9n }, 'payment-service', 3],
    ['our own group, where the other has worked off all', { 'order-service': 9n }, 'order-service', 9],
    ['the group that answered nothing, where nobody is behind', {}, 'payment-service', 0],
  ])('blames %s', async (_, lags: Record<string, bigint>, consumer_group, lag) => {
    const { watchdog, logged, gauge, looked } = open([order(1, 90_000)], {
      lagOf: async (group) => lags[group] ?? 0n,
    });
    watchdog.start();
    await looked(2);
    await watchdog.stop();
    const topic = consumer_group === 'order-service' ? 'payment_processed' : 'order_placed';
    expect(logged[0]).toMatchObject({ consumer_group, topic, lag });
    expect(await gauge()).toEqual([expect.stringContaining(`consumer_group="${consumer_group}",topic="${topic}"`)]);
  });

  test('blames our own outbox, and asks no group, for what is not published', async () => {
    const outbox = [{ fact: 'order_placed:PENDING' }];
    const { watchdog, logged, looked } = open([1, 2].map((number) => ({ ...order(number, 90_000), outbox })));
    watchdog.start();
    await looked(2);
    await watchdog.stop();
    expect(logged[0]).toMatchObject({ orders: 2, consumer_group: 'outbox', topic: 'order_placed', lag: 2 });
  });

  test('says nothing, and forgets what it said, when nothing is stuck any more', async () => {
    const orders = [order(1, 90_000)];
    const { watchdog, logged, gauge, looked } = open(orders);
    watchdog.start();
    await looked(1);
    orders.splice(0);
    await looked(3);
    await watchdog.stop();
    const lines = logged.length;
    expect(lines).toBeLessThan(3);
    expect(await gauge()).toEqual([]);
  });

  test('tells of stuck orders all the same when nobody knows the lag', async () => {
    const { watchdog, logged, looked } = open([order(1, 90_000)], {
      lagOf: async () => Promise.reject(new Error('Kafka is away')),
    });
    watchdog.start();
    await looked(2);
    await watchdog.stop();
    expect(logged[0]).toMatchObject({ orders: 1, lag: 'unknown' });
  });

  test('looks again after it could not look', async () => {
    const { watchdog, logged, looked } = open([order(1, 90_000)], { failures: 3 });
    watchdog.start();
    await looked(5);
    await watchdog.stop();
    expect(logged.length).toBeGreaterThan(0);
  });
});
