import { describe, expect, jest, test } from '@jest/globals';
import { sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { createMetrics } from '@order-pipeline/runtime';
import type { GroupLagReader } from '@order-pipeline/kafka';
import { OutageError, quietLogger } from '@order-pipeline/resilience';
import type { OrderWithoutEvents } from './order-repository.ts';
import { createOrderWatchdog } from './order-watchdog.ts';
import { placeOrder, recordFact, type Order } from './order.ts';

jest.setTimeout(30_000);

const stuckAfterMs = 60_000;

/** An order with the facts of these events, whose state has not changed for so long. */
function order(number: number, unchangedForMs: number, ...names: ('paid' | 'reserved')[]): Order {
  const id = `018f8c1e-7a00-7000-8000-${String(number).padStart(12, '0')}`;
  const events = sampleEvents(id);
  const { customer_id, items, shipping_address } = events.placed.data;
  const at = new Date(Date.now() - unchangedForMs);
  const { order: placed } = placeOrder({
    orderId: id,
    now: at,
    customer_id,
    items,
    shipping_address,
    currency: 'USD',
    requestHash: '',
  });
  return names.reduce<Order>((known, name) => {
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
  let checks = 0;
  const watchdog = createOrderWatchdog({
    repository: {
      async findUnchanged(since, limit) {
        checks += 1;
        if (checks <= failures) throw new OutageError('mongodb', 'no primary');
        return orders
          .filter(({ updated_at }) => updated_at < since)
          .toSorted((a, b) => a.updated_at.getTime() - b.updated_at.getTime())
          .slice(0, limit);
      },
    },
    lagReader: { lagOf },
    registry,
    logger: { ...quietLogger, warn: (fields) => void logged.push(fields as never) },
    stuckAfterMs,
    checkEveryMs: 5,
  });
  const gauge = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('orders_stuck{'));
  const checked = async (times: number): Promise<void> => {
    const deadlineMs = performance.now() + 20_000;
    while (checks < times && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(checks).toBeGreaterThanOrEqual(times);
  };
  return { watchdog, logged, gauge, checked };
}

describe('the watchdog', () => {
  test('logs each stuck step once, with its consumer group, its lag and its oldest order', async () => {
    const orders = [
      order(1, 90_000),
      order(2, 120_000),
      order(3, 70_000, 'paid'),
      order(4, 30_000, 'paid', 'reserved'),
    ];
    const { watchdog, logged, gauge, checked } = open(orders);
    watchdog.start();
    await checked(2);
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
    ['our own group, where the awaited group has no lag', { 'order-service': 9n }, 'order-service', 9],
    ['the awaited group, where no group has lag', {}, 'payment-service', 0],
  ])('reports %s', async (_, lags: Record<string, bigint>, consumer_group, lag) => {
    const { watchdog, logged, gauge, checked } = open([order(1, 90_000)], {
      lagOf: async (group) => lags[group] ?? 0n,
    });
    watchdog.start();
    await checked(2);
    await watchdog.stop();
    const topic = consumer_group === 'order-service' ? 'payment_processed' : 'order_placed';
    expect(logged[0]).toMatchObject({ consumer_group, topic, lag });
    expect(await gauge()).toEqual([expect.stringContaining(`consumer_group="${consumer_group}",topic="${topic}"`)]);
  });

  test('reports our own outbox, and reads no lag, for an event that is not published', async () => {
    const outbox = [{ fact: 'order_placed:PENDING' }];
    const { watchdog, logged, checked } = open([1, 2].map((number) => ({ ...order(number, 90_000), outbox })));
    watchdog.start();
    await checked(2);
    await watchdog.stop();
    expect(logged[0]).toMatchObject({ orders: 2, consumer_group: 'outbox', topic: 'order_placed', lag: 2 });
  });

  test('logs nothing, and resets the metric, when no order is stuck any more', async () => {
    const orders = [order(1, 90_000)];
    const { watchdog, logged, gauge, checked } = open(orders);
    watchdog.start();
    await checked(1);
    orders.splice(0);
    await checked(3);
    await watchdog.stop();
    const lines = logged.length;
    expect(lines).toBeLessThan(3);
    expect(await gauge()).toEqual([]);
  });

  test('reports stuck orders when the lag cannot be read', async () => {
    const { watchdog, logged, checked } = open([order(1, 90_000)], {
      lagOf: async () => Promise.reject(new OutageError('kafka', 'no leader')),
    });
    watchdog.start();
    await checked(2);
    await watchdog.stop();
    expect(logged[0]).toMatchObject({ orders: 1, lag: 'unknown' });
  });

  test('checks again after a check failed', async () => {
    const { watchdog, logged, checked } = open([order(1, 90_000)], { failures: 3 });
    watchdog.start();
    await checked(5);
    await watchdog.stop();
    expect(logged.length).toBeGreaterThan(0);
  });
});
