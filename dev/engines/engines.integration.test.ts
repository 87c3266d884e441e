/** The engines are real, keep what they have acknowledged through kill -9, and restart on the same ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { createKafka, ensureTopics } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { startKafka, type KafkaEngine } from './kafka.ts';
import { startMongo, type MongoEngine } from './mongo.ts';

const limitMs = 120_000;
let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), 'order-pipeline-engines-'))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('Kafka', () => {
  let kafka: KafkaEngine;
  const topic = { name: 'kept', partitions: 1, config: {} };
  const client = () => createKafka({ brokers: kafka.bootstrapServers.split(','), clientId: 'test' }, quietLogger);

  beforeAll(async () => {
    kafka = await startKafka({ dataDir: join(dir, 'kafka') });
  }, limitMs);
  afterAll(() => kafka.stop(), limitMs);

  test(
    'keeps an acknowledged record through kill -9, on the same port',
    async () => {
      await ensureTopics(client(), { topics: [topic], replicationFactor: -1 });
      const producer = client().producer();
      await producer.connect();
      await producer.send({ topic: topic.name, acks: -1, messages: [{ value: 'acknowledged' }] });
      await producer.disconnect();

      const { pids, bootstrapServers } = kafka;
      await kafka.kill();
      expect(kafka.pids).toEqual([]);
      await kafka.start();
      expect(kafka.pids).not.toEqual(pids);
      expect(kafka.bootstrapServers).toBe(bootstrapServers);

      const admin = client().admin();
      await admin.connect();
      expect(await admin.fetchTopicOffsets(topic.name)).toMatchObject([{ partition: 0, low: '0', high: '1' }]);
      await admin.disconnect();
    },
    limitMs,
  );

  test(
    'has leaders for topics as soon as they are ensured',
    async () => {
      const admin = client().admin({ retry: { retries: 0 } });
      await admin.connect();
      // In a row, because a broker may not know the later topics yet when it acknowledges that they are created.
      for (let round = 0; round < 5; round += 1) {
        const topics = Array.from({ length: 6 }, (_, i) => ({ name: `led-${round}-${i}`, partitions: 12, config: {} }));
        const names = topics.map(({ name }) => name);
        expect(await ensureTopics(client(), { topics })).toEqual(names);
        const metadata = await admin.fetchTopicMetadata({ topics: names });
        const leaders = metadata.topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
        expect(leaders).toEqual(Array(6 * 12).fill(1));
        expect(await ensureTopics(client(), { topics })).toEqual([]);
      }
      await admin.disconnect();
    },
    limitMs,
  );

  test('creates no topics automatically', async () => {
    const admin = client().admin();
    await admin.connect();
    await expect(admin.fetchTopicMetadata({ topics: ['never-created'] })).rejects.toThrow(/does not host/);
    expect(await admin.listTopics()).not.toContain('never-created');
    await admin.disconnect();
  });

  test('refuses data of a cluster of another size', async () => {
    await expect(startKafka({ dataDir: join(dir, 'kafka'), brokers: 3 })).rejects.toThrow(/cluster of 1 broker/);
  });
});

describe('MongoDB', () => {
  let mongo: MongoEngine;
  const withClient = async <T>(work: (client: MongoClient) => Promise<T>): Promise<T> => {
    const client = await new MongoClient(mongo.uri).connect();
    return work(client).finally(() => client.close());
  };
  beforeAll(async () => {
    mongo = await startMongo({ dataDir: join(dir, 'mongo') });
  }, limitMs);
  afterAll(() => mongo.stop(), limitMs);

  test(
    'keeps a majority write and a transaction through kill -9, on the same port',
    async () => {
      await withClient(async (client) => {
        const documents = client.db('test').collection<{ _id: string }>('kept');
        await documents.insertOne({ _id: 'written' }, { writeConcern: { w: 'majority', j: true } });
        await client.withSession((session) =>
          session.withTransaction(async () => void (await documents.insertOne({ _id: 'transacted' }, { session }))),
        );
      });
      const { uri } = mongo;
      await mongo.kill();
      expect(mongo.pids).toEqual([]);
      await mongo.start();
      expect(mongo.uri).toBe(uri);
      const ids = await withClient((client) => client.db('test').collection('kept').distinct('_id'));
      expect(ids).toEqual(['transacted', 'written']);
    },
    limitMs,
  );

  test('stops cleanly within seconds, also when it is paused', async () => {
    await mongo.kill('SIGSTOP');
    const startMs = performance.now();
    await mongo.stop();
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect(mongo.pids).toEqual([]);
  });
});
