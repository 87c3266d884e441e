import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createMessagingMetrics, createPublisher } from '@order-pipeline/kafka';
import { Registry } from '@order-pipeline/runtime';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { startKafka, type KafkaEngine } from '../../dev/engines/kafka.ts';
import { startMongo, type MongoEngine } from '../../dev/engines/mongo.ts';
import { expectConsistency, untilIdle } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, putJson } from '../support/http.ts';
import { orderOf, placeOrder, placeOrders } from '../support/orders.ts';
import { startLimitMs, usePipeline } from '../support/pipeline.ts';

/** Three brokers (three replicas, two in sync) and a replica set of three members, as in production. */
const engines: { engines: 'own'; kafka?: KafkaEngine; mongo?: MongoEngine } = { engines: 'own' };
const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-cluster-'));

beforeAll(async () => {
  engines.kafka = await startKafka({ dataDir: join(dir, 'kafka'), brokers: 3 });
  engines.mongo = await startMongo({ dataDir: join(dir, 'mongo'), members: 3 });
}, startLimitMs);
afterAll(async () => {
  await engines.kafka?.stop();
  await engines.mongo?.stop();
  rmSync(dir, { recursive: true, force: true });
}, startLimitMs);

const on = usePipeline(engines);
const book = () => orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }]);
const limitMs = 360_000;

const primaryIndex = async (): Promise<number> => {
  const { primary } = await on.mongo.db('admin').command({ hello: 1 });
  return engines.mongo!.ports.indexOf(Number(String(primary).split(':')[1]));
};

/** How long a primary without a majority remains primary, and a majority waits for a primary. */
async function electAfter(electionTimeoutMillis: number): Promise<void> {
  const admin = on.mongo.db('admin');
  const { config } = await admin.command({ replSetGetConfig: 1 });
  const settings = { ...config.settings, electionTimeoutMillis };
  await admin.command({ replSetReconfig: { ...config, version: config.version + 1, settings } });
}

/** Counts the elections; rejects while there is no primary. */
async function termOf(): Promise<number> {
  const { term } = await on.mongo.db('admin').command({ replSetGetStatus: 1 }, { readPreference: 'primary' });
  return Number(term);
}

/** Customers that place one order after the other until they are stopped. */
function keepPlacing() {
  const ids: string[] = [];
  let isOpen = true;
  const customer = async (): Promise<void> => {
    while (isOpen) ids.push(await placeOrder(on, book()));
  };
  const customers = Promise.all(Array.from({ length: 16 }, customer));
  customers.catch(() => undefined);
  return {
    /** Resolves when `count` more orders have been accepted. */
    async more(count: number): Promise<void> {
      const goal = ids.length + count;
      await Promise.race([customers, eventually(() => expect(ids.length).toBeGreaterThanOrEqual(goal), limitMs / 3)]);
    },
    async stop(): Promise<string[]> {
      isOpen = false;
      await customers;
      return ids;
    },
  };
}

/** Our publisher, with short timeouts, on a topic whose leader is the third broker. */
async function openThirdBroker() {
  const kafka = new Kafka({
    brokers: engines.kafka!.bootstrapServers.split(','),
    requestTimeout: 3_000,
    enforceRequestTimeout: true,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  const [partition] = (await admin.fetchTopicMetadata({ topics: ['order_placed'] })).topics[0]!.partitions;
  expect(partition!.replicas).toHaveLength(3);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: 'order_placed', configNames: ['min.insync.replicas'] }],
  });
  expect(resources[0]!.configEntries[0]!.configValue).toBe('2');
  const topic = 'led-by-the-third';
  await admin.createTopics({
    waitForLeaders: false,
    topics: [{ topic, replicaAssignment: [{ partition: 0, replicas: [3, 1, 2] }] }],
  });
  await eventually(async () => {
    const [found] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
    expect(found!.partitions).toMatchObject([{ leader: 3 }]);
  });
  await admin.disconnect();
  const publisher = createPublisher(kafka, createMessagingMetrics(new Registry()));
  await publisher.start();
  return {
    publish: () => publisher.send([{ topic, key: null, value: 'seen', headers: {} }]),
    close: () => publisher.stop(),
  };
}

describe('three members and three brokers', () => {
  beforeAll(() => putJson(on.url('inventory', '/inventory/P001'), { quantity: 100_000, price: 29.99 }));

  test(
    'a primary that steps down under load loses nothing',
    async () => {
      const placing = keepPlacing();
      for (let step = 0; step < 2; step += 1) {
        await placing.more(50);
        const before = await termOf();
        // The primary may close the connection when it steps down.
        await on.mongo
          .db('admin')
          .command({ replSetStepDown: 5, secondaryCatchUpPeriodSecs: 3, force: true })
          .catch(() => undefined);
        await eventually(async () => expect(await termOf()).toBeGreaterThan(before), limitMs / 3);
        // The same customers, accepted by the new primary.
        await placing.more(50);
      }
      await expectConsistency(on, await placing.stop());
    },
    limitMs,
  );

  test(
    'a write of one member alone is neither acknowledged nor read, and nothing is lost when that member is killed',
    async () => {
      // Enough time for a primary without a majority to write, also on a busy machine.
      await electAfter(15_000);
      const before = await placeOrders(on, 20, book);
      const primary = await primaryIndex();
      const others = engines.mongo!.members.filter((_, index) => index !== primary);
      // Killed and not paused: a paused member would find what was sent to it in its socket.
      await Promise.all(others.map((member) => member.kill('SIGKILL')));
      // For some seconds the primary remains primary, and writes.
      const early = orderOf(book().items, 'EARLY');
      const responses = await Promise.all(
        Array.from({ length: 20 }, () => postJson(on.url('order', '/orders'), early).catch(() => undefined)),
      );
      expect(responses.map((response) => response?.status)).toEqual(responses.map(() => 503));
      // Nor does a read return it: it may be rolled back.
      const { status, body } = await getJson(on.url('order', '/orders?limit=100'));
      expect(status).toBe(200);
      expect(body.items.map((item: { customer_id: string }) => item.customer_id)).not.toContain('EARLY');
      await engines.mongo!.members[primary]!.kill('SIGKILL');
      await Promise.all(others.map((member) => member.start()));
      // The other two elect a primary that accepts orders; the writes that only the old one had are rolled back.
      const later = await placeOrders(on, 20, book);
      await engines.mongo!.members[primary]!.start();
      // Without a majority the relay could not remove what it had published, and published it repeatedly.
      await untilIdle(on, limitMs / 2);
      await expectConsistency(on, [...before, ...later]);
    },
    limitMs,
  );

  test(
    'losing and restarting two of three brokers loses nothing, and orders are accepted meanwhile',
    async () => {
      const thirdBroker = await openThirdBroker();
      await thirdBroker.publish();
      const before = await placeOrders(on, 100, book);
      const [first, second] = engines.kafka!.brokers;
      await Promise.all([first!.kill(), second!.kill()]);
      const meanwhile = await placeOrders(on, 100, book);
      // The leader runs and receives the record, but two replicas must be in sync.
      await expect(thirdBroker.publish()).rejects.toMatchObject({ outage: true });
      await Promise.all([first!.start(), second!.start()]);
      await thirdBroker.close();
      const after = await placeOrders(on, 100, book);
      await eventually(async () => expectConsistency(on, [...before, ...meanwhile, ...after]), limitMs / 2);
    },
    limitMs,
  );
});
