/** The operator's lag reader against Kafka as Strimzi sets it up, with a user who has only the Describe right. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import { ensureTopics } from '@order-pipeline/kafka';
import { freePort } from '../../dev/ports.ts';
import { createKafkaCluster, type KafkaCluster } from '../../operator/src/kafka/cluster.ts';
import { LagReader } from '../../operator/src/kafka/lag-reader.ts';
import type { KafkaReading } from '../../operator/src/decide/observation.ts';
import { createAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { startSecuredKafka, type SecuredKafka } from '../support/secured-kafka.ts';

const limitMs = 120_000;
jest.setTimeout(limitMs);
const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-scaler-'));
const topics = ['shipments', 'invoices'];
const partitions = 3;
const maxAgeSeconds = 60;

let kafka: SecuredKafka;
let cluster: KafkaCluster;
let reader: LagReader;
let ca: string;
const consumers: Consumer[] = [];

const address = (password: string) => ({
  brokers: [kafka.bootstrapServers],
  tls: { ca },
  sasl: { mechanism: 'scram-sha-512', username: 'scaler', password },
});

beforeAll(async () => {
  const authority = createAuthority(join(dir, 'authority'));
  ca = authority.certificate;
  kafka = await startSecuredKafka(join(dir, 'kafka'), authority);
  await kafka.setPasswords({ scaler: 'sees-only' });
  await kafka.grant('scaler', [
    { resource: { type: 'topic', name: 'shipments' }, operations: ['Describe'] },
    { resource: { type: 'topic', name: 'invoices' }, operations: ['Describe'] },
    { resource: { type: 'topic', name: 'missing' }, operations: ['Describe'] },
    ...['post', 'sleepers', 'movers', 'newcomers'].map((name) => ({
      resource: { type: 'group', name },
      operations: ['Describe'],
    })),
  ]);
  await ensureTopics(kafka.superUser, {
    topics: [...topics, 'secret'].map((name) => ({ name, partitions, config: {} })),
  });
  cluster = createKafkaCluster(address('sees-only'));
  reader = new LagReader(() => createKafkaCluster(address('sees-only')));
}, limitMs);

afterAll(async () => {
  await reader?.stop();
  await cluster?.reset();
  await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  await kafka?.kill();
  rmSync(dir, { recursive: true, force: true });
}, limitMs);

async function produce(topic: string, partition: number, ages: readonly number[]): Promise<void> {
  const producer = kafka.superUser.producer();
  await producer.connect();
  const messages = ages.map((age) => ({ partition, value: 'x', timestamp: String(Date.now() - age * 1_000) }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

async function commit(groupId: string, topic: string, offsets: Readonly<Record<number, string>>): Promise<void> {
  const admin = kafka.superUser.admin();
  await admin.connect();
  const list = Object.entries(offsets).map(([partition, offset]) => ({ partition: Number(partition), offset }));
  await admin.setOffsets({ groupId, topic, partitions: list });
  await admin.disconnect();
}

const read = (group: string, of: readonly string[] = topics, from = reader) =>
  from.read({ group, topics: of, maxAgeSeconds });

/** Throws the reason if the reading is unavailable. */
async function known(group: string, of: readonly string[] = topics): Promise<KafkaReading> {
  const reading = await read(group, of);
  if ('unavailable' in reading) throw new Error(reading.unavailable);
  return reading;
}

test('reads the start, end and committed offsets of every partition, and the first offset within the maximum age', async () => {
  await produce('shipments', 1, [300, 200, 100, 10, 1]);
  await commit('post', 'shipments', { 0: '0', 1: '1' });
  const { group, partitions: read } = await known('post');
  expect(group).toEqual({ state: 'Empty', assignor: '', members: [] });
  expect(read).toHaveLength(2 * partitions);
  expect(read[1]).toEqual({
    topic: 'shipments',
    partition: 1,
    startOffset: 0,
    endOffset: 5,
    committedOffset: 1,
    offsetAtMaxAge: 3,
  });
  // The partition is empty and the group has committed nothing, which is known.
  expect(read[3]).toMatchObject({
    topic: 'invoices',
    startOffset: 0,
    endOffset: 0,
    committedOffset: -1,
    offsetAtMaxAge: -1,
  });
});

test('does not count records that retention deleted', async () => {
  await produce('invoices', 0, [5, 4, 3]);
  const admin = kafka.superUser.admin();
  await admin.connect();
  await admin.fetchTopicOffsets('invoices'); // loads the metadata that the next call needs
  await admin.deleteTopicRecords({ topic: 'invoices', partitions: [{ partition: 0, offset: '2' }] });
  await admin.disconnect();
  expect((await known('post')).partitions[3]).toMatchObject({ startOffset: 2, endOffset: 3 });
});

test('reads the members of a group, their assignments, and its rebalances', async () => {
  const join = async () => {
    const consumer = kafka.superUser.consumer({ groupId: 'movers', maxWaitTimeInMs: 100, heartbeatInterval: 500 });
    consumers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics });
    await consumer.run({ eachMessage: async () => {} });
  };
  await join();
  await join();
  await eventually(async () => {
    const { group } = await known('movers');
    expect(group).toMatchObject({ state: 'Stable', assignor: 'RoundRobinAssigner' });
    expect(group.members.map((assigned) => assigned.length)).toEqual([3, 3]);
    expect(group.members.flat().toSorted()).toEqual(
      topics.flatMap((topic) => [0, 1, 2].map((partition) => `${topic}-${partition}`)).toSorted(),
    );
  }, 60_000);
  const states = new Set<string>();
  const joining = join();
  await eventually(async () => {
    const { group } = await known('movers');
    states.add(group.state);
    expect(group.members).toHaveLength(3);
    expect(group.state).toBe('Stable');
  }, 60_000);
  await joining;
  expect([...states]).toContain('Rebalancing');
  await Promise.all(consumers.splice(0).map((consumer) => consumer.disconnect()));
});

test('a missing or forbidden topic makes only its own resource unknown', async () => {
  const both = await Promise.all([
    read('post'),
    read('post', ['missing']),
    read('newcomers', ['secret']),
    read('sleepers'),
  ]);
  expect(both[0]).toHaveProperty('partitions');
  expect(both[1]).toHaveProperty('unavailable');
  expect(both[2]).toHaveProperty('unavailable');
  expect(both[3]).toHaveProperty('partitions');
  // Once more: a resource that has failed is now read on its own.
  const again = await Promise.all([read('post'), read('post', ['missing'])]);
  expect(again[0]).toHaveProperty('partitions');
  expect(again[1]).toHaveProperty('unavailable');
});

test('a forbidden group is unknown, and the others are known', async () => {
  const [forbidden, allowed] = await Promise.all([read('forbidden'), read('post')]);
  expect(forbidden).toHaveProperty('unavailable');
  expect(allowed).toHaveProperty('partitions');
});

test('reads the resources of a cluster together, with a constant number of requests', async () => {
  const requests: string[] = [];
  const counted: KafkaCluster = {
    partitionsOf: (names) => (requests.push('metadata'), cluster.partitionsOf(names)),
    committed: (group, of) => (requests.push('commits'), cluster.committed(group, of)),
    offsets: (of, at) => (requests.push('offsets'), cluster.offsets(of, at)),
    describe: (groups) => (requests.push('groups'), cluster.describe(groups)),
    refresh: () => cluster.refresh(),
    reset: () => cluster.reset(),
  };
  const shared = new LagReader(() => counted);
  const readings = await Promise.all(['post', 'sleepers', 'newcomers'].map((group) => read(group, topics, shared)));
  for (const reading of readings) expect(reading).toHaveProperty('partitions');
  const count = (kind: string) => requests.filter((request) => request === kind).length;
  expect([count('metadata'), count('groups'), count('offsets'), count('commits')]).toEqual([1, 1, 3, 3]);
});

test('a wrong password and an unreachable broker are unavailable, not a lag of zero', async () => {
  const intruder = new LagReader(() => createKafkaCluster(address('wrong')));
  expect(await read('post', topics, intruder)).toHaveProperty('unavailable');
  await intruder.stop();
  const unused = `127.0.0.1:${await freePort()}`;
  const disconnected = new LagReader(() => createKafkaCluster({ brokers: [unused] }));
  expect(await read('post', topics, disconnected)).toHaveProperty('unavailable');
  await disconnected.stop();
});

test('an outage is unavailable, and the reader recovers by itself', async () => {
  await kafka.kill();
  expect(await read('post')).toHaveProperty('unavailable');
  await kafka.start();
  await eventually(async () => expect((await known('post')).partitions[1]).toMatchObject({ endOffset: 5 }), 60_000);
});
