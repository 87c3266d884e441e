/**
 * SIGTERM under load: the chunk in hand is finished, published and committed. Nothing is lost, no effect doubled, and
 * where there is one replica nothing is delivered twice.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { eventTypes, services } from '@order-pipeline/events';
import type { StopResult } from '../../dev/pipeline.ts';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffsets, header, readTopic } from '../support/kafka-reader.ts';
import { expectExpectedOutcomes, mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { placeOrders } from '../support/orders.ts';
import { coreServices, usePipeline } from '../support/pipeline.ts';

/** Slow enough that there is always a chunk in hand. */
const workMs = '3';
const on = usePipeline({
  env: { ORDER_WORK_MS: workMs, PAYMENT_WORK_MS: workMs, INVENTORY_WORK_MS: workMs, SHIPMENT_WORK_MS: workMs },
});
const testLimitMs = 180_000;
const orderCount = 400;

/** The first records of a new topic may be sent twice, while its leaders are becoming known. */
let first: readonly string[];
beforeAll(async () => {
  await stockForMixedOrders(on);
  first = await placeOrders(on, 60, mixedOrder);
  await expectConsistency(on, first);
});

/** Facts that the order service has stored, although their offsets are not committed: they would come again. */
async function storedButNotCommitted(): Promise<object[]> {
  const { consumerGroup, consumes } = services.order;
  const committed = await committedOffsets(on.kafka, consumerGroup, consumes);
  const orders = await on.mongo.db('order_db').collection('orders').find().toArray();
  return orders
    .flatMap(({ facts }) =>
      Object.values(facts as Record<string, { topic: string; partition?: number; offset: string }>),
    )
    .filter(({ partition }) => partition !== undefined)
    .filter(({ topic, partition, offset }) => Number(offset) >= (committed.get(`${topic}:${partition}`) ?? 0));
}

test(
  'each service is stopped while orders flow, exits 0 within 10 s, and nothing is lost, doubled or delivered twice',
  async () => {
    const orders = on.mongo.db('order_db').collection('orders');
    const placing = placeOrders(on, orderCount, mixedOrder, { clients: 16, pauseMs: 100 });
    const stopped: Record<string, StopResult> = {};
    for (const [index, service] of coreServices.entries()) {
      const share = ((index + 1) * orderCount) / (coreServices.length + 1);
      await eventually(async () => expect(await orders.countDocuments()).toBeGreaterThanOrEqual(share));
      const replica = on.pipeline.services[service][0]!;
      stopped[service] = await replica.stop();
      const again = service === 'order' ? await storedButNotCommitted() : [];
      expect(again).toEqual([]);
      await replica.start();
    }
    const ids = await placing;
    for (const service of coreServices) {
      expect({ service, ...stopped[service] }).toMatchObject({ service, exitCode: 0, signal: null });
      expect(stopped[service]!.tookMs).toBeLessThan(10_000);
    }
    await expectConsistency(on, ids);
    await expectExpectedOutcomes(on);

    // A service that gets an event again tells its outcome again: under the same id.
    for (const topic of eventTypes) {
      const told = (await readTopic(on.kafka, topic)).map(({ message }) => header(message, 'ce_id')!);
      const twice = told.filter((id, index) => told.indexOf(id) !== index && !first.includes(id.split(':')[0]!));
      expect({ topic, twice }).toEqual({ topic, twice: [] });
    }
  },
  testLimitMs,
);

test(
  'all services are stopped together, and start again where they were',
  async () => {
    const placing = placeOrders(on, 100, mixedOrder, { clients: 16, pauseMs: 50 });
    const all = coreServices.map((service) => on.pipeline.services[service][0]!);
    const results = await Promise.all(all.map((replica) => replica.stop()));
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(Math.max(...results.map(({ tookMs }) => tookMs))).toBeLessThan(10_000);
    await Promise.all(all.map((replica) => replica.start()));
    await expectConsistency(on, await placing);
    await expectExpectedOutcomes(on);
  },
  testLimitMs,
);
