/** `kill -9` under load: every accepted order becomes final, is charged once, and the stock stays consistent. */
import { beforeAll, expect, test } from '@jest/globals';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { expectExpectedOutcomes, mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { placeOrders } from '../support/orders.ts';
import { coreServices, usePipeline } from '../support/pipeline.ts';

const on = usePipeline();
const testLimitMs = 180_000;

/** Places `count` orders, and calls each step when a further share of them is stored. */
async function underLoad(count: number, steps: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const orders = on.mongo.db('order_db').collection('orders');
  const before = await orders.countDocuments();
  const placing = placeOrders(on, count, mixedOrder, { clients: 16, pauseMs: 150 });
  const restarts: Promise<unknown>[] = [];
  for (const [index, step] of steps.entries()) {
    const share = Math.floor(((index + 1) * count) / (steps.length + 1));
    await eventually(async () => expect(await orders.countDocuments()).toBeGreaterThanOrEqual(before + share));
    restarts.push(step());
  }
  const ids = await placing;
  await Promise.all(restarts);
  // A retried request creates no second order.
  expect(await orders.countDocuments()).toBe(before + count);
  return ids;
}

beforeAll(() => stockForMixedOrders(on));

test(
  'each service is killed while 500 orders are placed, and every order has its expected outcome',
  async () => {
    const killAndRestart = (service: (typeof coreServices)[number]) => async (): Promise<void> => {
      const replica = on.pipeline.services[service][0]!;
      await replica.kill();
      await replica.start();
    };
    const ids = await underLoad(500, coreServices.map(killAndRestart));
    await expectConsistency(on, ids);
    await expectExpectedOutcomes(on);
  },
  testLimitMs,
);

test(
  'all services are killed at once while 500 orders are placed, and every order has its expected outcome',
  async () => {
    const everyReplica = coreServices.map((service) => on.pipeline.services[service][0]!);
    const killAll = async (): Promise<void> => {
      await Promise.all(everyReplica.map((replica) => replica.kill()));
      await Promise.all(everyReplica.map((replica) => replica.start()));
    };
    const ids = await underLoad(500, [killAll]);
    await expectConsistency(on, ids);
    await expectExpectedOutcomes(on);
  },
  testLimitMs,
);
