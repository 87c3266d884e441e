/** Guarantee 1: an event that is stored is published, after any crash and outage; and only published events are removed. */
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, beforeEach, afterAll, describe, expect, test } from '@jest/globals';
import type { PipelineEvent } from '@order-pipeline/events';
import {
  createDocumentStore,
  createGroupCommit,
  createMongo,
  openCollection,
  type DocumentCollection,
  type Mongo,
  type Versioned,
} from '@order-pipeline/mongo';
import { isOutage, quietLogger } from '@order-pipeline/resilience';
import { useOwnKafka, useOwnMongo } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { header, readTopic } from '../support/kafka-reader.ts';
import { inputTopic, newInput, newInputs, outcomeOf, outcomeTopic, topicsFor } from '../support/members.ts';
import { store, useRelays } from '../support/outboxes.ts';

const kafka = useOwnKafka(topicsFor());
const engine = useOwnMongo();
const startRelay = useRelays(kafka);
let mongo: Mongo;
let collection: DocumentCollection;
let tests = 0;

beforeAll(async () => {
  mongo = createMongo(engine.uri, 'outbox_tests', quietLogger);
  await mongo.start();
});
afterAll(() => mongo.stop());
beforeEach(() => {
  tests += 1;
  collection = openCollection(mongo.db, `documents_${tests}`);
});

const publishedIds = async (topic: string): Promise<(string | undefined)[]> =>
  (await readTopic(kafka.client, topic)).map(({ message }) => header(message, 'ce_id'));
const pendingCount = (): Promise<number> => collection.countDocuments({ 'outbox.0': { $exists: true } });
const untilEmpty = (): Promise<void> => eventually(async () => expect(await pendingCount()).toBe(0), 60_000);
const idOf = ({ type, data }: PipelineEvent): string => `${data.order_id}:${type}:${data.status}`;

describe('the relay', () => {
  test('publishes the events it is given, removes exactly those, and stores their offsets', async () => {
    const { relay } = await startRelay(collection);
    const input = newInput();
    const other = outcomeOf(input.data.order_id);
    await store(collection, [input, other]);
    relay.push([input]);
    await eventually(async () => {
      const [document] = await collection.find().toArray();
      expect(document!['outbox']).toMatchObject([{ fact: 'shipment_processed:CANCELLED' }]);
    });
    const [document] = await collection.find().toArray();
    const offset = document!['published']['order_cancelled:CANCELLING'];
    const records = await readTopic(kafka.client, inputTopic);
    const record = records.find(({ message }) => header(message, 'ce_id') === idOf(input))!;
    expect(offset).toEqual({ partition: record.partition, offset: record.message.offset });
    expect(await publishedIds(outcomeTopic)).not.toContain(idOf(other));
  });

  test('publishes a burst in order, each event once', async () => {
    const { relay } = await startRelay(collection);
    const inputs = newInputs(1_200);
    await collection.insertMany(inputs.map((input) => ({ _id: input.data.order_id, version: 1, outbox: [] })));
    for (const input of inputs) {
      relay.push([input]);
      relay.push([input]);
    }
    await eventually(async () => {
      const ours = new Set(inputs.map(idOf));
      const found = (await publishedIds(inputTopic)).filter((id) => ours.has(id!));
      expect(found).toHaveLength(inputs.length);
      expect(new Set(found)).toEqual(ours);
    });
    const position = new Map(inputs.map((input, index) => [idOf(input), index]));
    const byPartition = Map.groupBy(await readTopic(kafka.client, inputTopic), ({ partition }) => partition);
    for (const records of byPartition.values()) {
      const order = records.flatMap(({ message }) => position.get(header(message, 'ce_id')!) ?? []);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });

  test('publishes after a restart what a crash left in the outbox, and finds it by the partial index', async () => {
    const left = newInputs(30);
    for (const [index, input] of left.entries()) await store(collection, [input], 60_000 - index * 1_000);
    const recent = newInput();
    await store(collection, [recent]);
    await collection.insertMany(newInputs(500).map(({ data }) => ({ _id: data.order_id, version: 1, outbox: [] })));

    await mongo.db.command({ profile: 2 });
    await startRelay(collection, { sweepAfterMs: 10_000 });
    await eventually(async () => expect(await pendingCount()).toBe(1));
    await mongo.db.command({ profile: 0 });
    const [document] = await collection.find({ 'outbox.0': { $exists: true } }).toArray();
    // Another relay may still be publishing it.
    expect(document!._id).toBe(recent.data.order_id);
    const found = await publishedIds(inputTopic);
    expect(found).toEqual(expect.arrayContaining(left.map(idOf)));

    const ours = {
      ns: collection.namespace,
      op: { $in: ['query', 'command'] },
      'command.createIndexes': { $exists: false },
    };
    const profile = await mongo.db
      .collection('system.profile')
      .find({ ...ours, planSummary: { $exists: true } })
      .toArray();
    const sweeps = profile.filter(({ command }) => JSON.stringify(command).includes('outbox.at'));
    expect(sweeps.length).toBeGreaterThan(2);
    for (const { planSummary, docsExamined } of sweeps) {
      expect(planSummary).toBe('IXSCAN { outbox.at: 1 }');
      expect(docsExamined).toBeLessThan(100);
    }
  });

  test('keeps all events while Kafka is down, reports when it is full, and publishes them afterwards', async () => {
    const { relay, registry, fatal } = await startRelay(collection, { maxPending: 20 });
    await kafka.engine.kill();
    const inputs = newInputs(20);
    for (const [index, input] of inputs.entries()) {
      expect(relay.isFull()).toBe(false);
      await store(collection, [input]);
      relay.push([input]);
      expect(await pendingCount()).toBe(index + 1);
    }
    expect(relay.isFull()).toBe(true);
    await eventually(async () => {
      const metrics = await registry.metrics();
      expect(metrics).toMatch(/^outbox_pending_documents 20$/m);
      expect(Number(/^outbox_oldest_age_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    });
    await kafka.engine.start();
    await untilEmpty();
    expect(await publishedIds(inputTopic)).toEqual(expect.arrayContaining(inputs.map(idOf)));
    await eventually(async () => {
      expect(relay.isFull()).toBe(false);
      expect(await registry.metrics()).toMatch(/^outbox_pending_documents 0$/m);
    });
    expect(fatal).toEqual([]);
  });

  test('publishes what is in flight when it is stopped', async () => {
    const sending = Promise.withResolvers<void>();
    const { relay } = await startRelay(collection, {
      around: (own) => ({
        publish: async (events) => {
          await sending.promise;
          return own.publish(events);
        },
      }),
    });
    const inputs = newInputs(50);
    for (const input of inputs) await store(collection, [input]);
    relay.push(inputs);
    const stopping = relay.stop();
    sending.resolve();
    await stopping;
    // The removal is durable, and visible to majority reads a moment later.
    await untilEmpty();
    expect(await publishedIds(inputTopic)).toEqual(expect.arrayContaining(inputs.map(idOf)));
  });
});

describe('documents', () => {
  interface Counter extends Versioned {
    readonly count: number;
    readonly note?: string;
  }
  const add = (before: Counter | undefined, _id: string) => ({
    before,
    after: { _id, version: 0, ...before, count: (before?.count ?? 0) + 1 },
  });

  test('are saved unless they changed since they were read; a conflict is reported and changes nothing', async () => {
    const store = createDocumentStore<Counter>(collection);
    const ids = ['a', 'b', 'c', 'd'];
    expect(await store.save(ids.map((id) => add(undefined, id)))).toEqual(new Set());
    const [mine, theirs] = [await store.load(ids), await store.load(ids)];
    expect(await store.save(['b', 'd'].map((id) => add(theirs.get(id), id)))).toEqual(new Set());
    expect(await store.save([...ids, 'e'].map((id) => add(mine.get(id), id)))).toEqual(new Set(['b', 'd']));
    const stored = await store.load([...ids, 'e']);
    const counts = [...stored.values()].map(({ _id, version, count }) => [_id, { version, count }]);
    const twice = { version: 2, count: 2 };
    expect(Object.fromEntries(counts)).toEqual({ a: twice, b: twice, c: twice, d: twice, e: { version: 1, count: 1 } });
  });

  test('that three writers create concurrently are created by one', async () => {
    const store = createDocumentStore<Counter>(collection);
    const ids = Array.from({ length: 50 }, (_, index) => `new-${index}`);
    const conflicts = await Promise.all([1, 2, 3].map(() => store.save(ids.map((id) => add(undefined, id)))));
    for (const id of ids) expect(conflicts.filter((each) => each.has(id))).toHaveLength(2);
    for (const { version, count } of (await store.load(ids)).values()) expect([version, count]).toEqual([1, 1]);
  });

  test('keep the changes of a concurrent relay, and the relay keeps theirs', async () => {
    const documents = createDocumentStore<Counter>(collection);
    const { relay } = await startRelay(collection);
    const input = newInput();
    await store(collection, [input]);
    const id = input.data.order_id;
    const before = (await documents.load([id])).get(id);
    relay.push([input]);
    await untilEmpty();
    expect(await documents.save([add(before, id)])).toEqual(new Set());
    const [document] = await collection.find().toArray();
    expect(document).toMatchObject({
      version: 2,
      count: 1,
      outbox: [],
      published: { 'order_cancelled:CANCELLING': {} },
    });
  });
});

test('a write that starts while its connection closes fails as an outage at once, and can be retried', async () => {
  const [port] = engine.engine.ports;
  const handles = (process as never as { _getActiveHandles(): Partial<Socket>[] })._getActiveHandles;
  mongo.client.once('connectionCheckedOut', () => {
    for (const socket of handles()) if (socket.remotePort === port) socket.destroy?.();
  });
  const write = async () => collection.insertOne({ _id: 'late', version: 1 });
  const failure = await Promise.race([write().catch((error: unknown) => error), pause(20_000, 'it is still waiting')]);
  expect(isOutage(failure)).toBe(true);
  await expect(write()).resolves.toMatchObject({ insertedId: 'late' });
});

test('a group commit fails as a whole while MongoDB is down, rejects what exceeds its limit, and continues afterwards', async () => {
  const commit = createGroupCommit<string, string>({
    write: async (ids) => {
      await collection.insertMany(ids.map((_id) => ({ _id })));
      return ids;
    },
    maxBatch: 10,
    maxWaiting: 10,
    full: () => new Error('full'),
  });
  const ids = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  expect(await Promise.all(ids('before', 10).map(commit))).toEqual(ids('before', 10));

  await engine.engine.kill();
  const results = await Promise.allSettled(ids('during', 15).map(commit));
  const reasons = results.map((result) => (result.status === 'rejected' ? result.reason : undefined));
  expect(reasons.filter((reason) => reason?.message === 'full').length).toBe(5);
  expect(reasons.filter(isOutage).length).toBe(10);
  await engine.engine.start();

  let probes = 0;
  await eventually(() => commit(`probe-${(probes += 1)}`), 60_000);
  expect(await Promise.all(ids('after', 10).map(commit))).toEqual(ids('after', 10));
  expect(await collection.countDocuments({ _id: /^(before|after)/ as never })).toBe(20);
});
