/**
 * SIGTERM under load: the batch in flight is finished, published and committed. Nothing is lost, no effect is duplicated,
 * and with one replica nothing is redelivered.
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

/** Slow enough that a batch is always in flight. */
const workMs = '3';
const on = usePipeline({
  env: { ORDER_WORK_MS: workMs, PAYMENT_WORK_MS: workMs, INVENTORY_WORK_MS: workMs, SHIPMENT_WORK_MS: workMs },
});
const testLimitMs = 180_000;
const orderCount = 400;

/** The first records of a new topic may be sent twice, until the producer knows its leaders. */
let first: readonly string[];
beforeAll(async () => {
  await stockForMixedOrders(on);
  first = await placeOrders(on, 60, mixedOrder);
  await expectConsistency(on, first);
});

/** Facts that the order service has stored without committing their offsets: they would be redelivered. */
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
  'each service is stopped under load and exits 0 within 10 s, and nothing is lost, duplicated or redelivered',
  async () => {
    const orders = on.mongo.db('order_db').collection('orders');
    const placing = placeOrders(on, orderCount, mixedOrder, { clients: 16, pauseMs: 100 });
    const stopped: Record<string, StopResult> = {};
    for (const [index, service] of coreServices.entries()) {
      const share = ((index + 1) * orderCount) / (coreServices.length + 1);
      await eventually(async () => expect(await orders.countDocuments()).toBeGreaterThanOrEqual(share));
      const replica = on.pipeline.services[service][0]!;
      stopped[service] = await replica.stop();
      const redelivered = service === 'order' ? await storedButNotCommitted() : [];
      expect(redelivered).toEqual([]);
      await replica.start();
    }
    const ids = await placing;
    for (const service of coreServices) {
      expect({ service, ...stopped[service] }).toMatchObject({ service, exitCode: 0, signal: null });
      expect(stopped[service]!.tookMs).toBeLessThan(10_000);
    }
    await expectConsistency(on, ids);
    await expectExpectedOutcomes(on);

    // A service that receives an event again republishes its outcome with the same id.
    for (const topic of eventTypes) {
      const eventIds = (await readTopic(on.kafka, topic)).map(({ message }) => header(message, 'ce_id')!);
      const twice = eventIds.filter(
        (id, index) => eventIds.indexOf(id) !== index && !first.includes(id.split(':')[0]!),
      );
      expect({ topic, twice }).toEqual({ topic, twice: [] });
    }
  },
  testLimitMs,
);

test(
  'all services are stopped together, and continue after their restart',
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
