/** The scaler's eyes, against real Kafka as Strimzi sets it up, with a user who may Describe and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import { ensureTopics } from '@order-pipeline/kafka';
import { freePort } from '../../dev/ports.ts';
import { createKafkaCluster, type KafkaCluster } from '../../operator/src/kafka/kafka-cluster.ts';
import { createLagReader, type LagReader } from '../../operator/src/kafka/kafka-lag-reader.ts';
import type { KafkaReading } from '../../operator/src/decide/observation.ts';
import { createAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { startSecuredKafka, type SecuredKafka } from '../support/secured-kafka.ts';

const limitMs = 120_000;
jest.setTimeout(limitMs);
const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-scaler-'));
const topics = ['parcels', 'letters'];
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
    { resource: { type: 'topic', name: 'parcels' }, operations: ['Describe'] },
    { resource: { type: 'topic', name: 'letters' }, operations: ['Describe'] },
    { resource: { type: 'topic', name: 'gone' }, operations: ['Describe'] },
    ...['post', 'sleepers', 'movers', 'newcomers'].map((name) => ({
      resource: { type: 'group', name },
      operations: ['Describe'],
    })),
  ]);
  await ensureTopics(kafka.superUser, {
    topics: [...topics, 'secret'].map((name) => ({ name, partitions, config: {} })),
  });
  cluster = createKafkaCluster(address('sees-only'));
  reader = createLagReader(() => createKafkaCluster(address('sees-only')));
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

/** Fails with what made it unavailable. */
async function known(group: string, of: readonly string[] = topics): Promise<KafkaReading> {
  const reading = await read(group, of);
  if ('unavailable' in reading) throw new Error(reading.unavailable);
  return reading;
}

test('starts, ends, commits and the first offset that is young enough are read of every partition', async () => {
  await produce('parcels', 1, [300, 200, 100, 10, 1]);
  await commit('post', 'parcels', { 0: '0', 1: '1' });
  const { group, partitions: read } = await known('post');
  expect(group).toEqual({ state: 'Empty', assignor: '', members: [] });
  expect(read).toHaveLength(2 * partitions);
  expect(read[1]).toEqual({
    topic: 'parcels',
    partition: 1,
    startOffset: 0,
    endOffset: 5,
    committedOffset: 1,
    offsetAtMaxAge: 3,
  });
  // Nothing is in it, and the group has committed nothing: neither is unknown.
  expect(read[3]).toMatchObject({
    topic: 'letters',
    startOffset: 0,
    endOffset: 0,
    committedOffset: -1,
    offsetAtMaxAge: -1,
  });
});

test('records that retention deleted are no longer counted', async () => {
  await produce('letters', 0, [5, 4, 3]);
  const admin = kafka.superUser.admin();
  await admin.connect();
  await admin.fetchTopicOffsets('letters'); // loads the metadata that the next call needs
  await admin.deleteTopicRecords({ topic: 'letters', partitions: [{ partition: 0, offset: '2' }] });
  await admin.disconnect();
  expect((await known('post')).partitions[3]).toMatchObject({ startOffset: 2, endOffset: 3 });
});

test('a group shows its members, what they own, and when they are changing', async () => {
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
    expect(group.members.map((owned) => owned.length)).toEqual([3, 3]);
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

test('a topic that is missing or forbidden leaves one resource unknown, and nobody else', async () => {
  const both = await Promise.all([
    read('post'),
    read('post', ['gone']),
    read('newcomers', ['secret']),
    read('sleepers'),
  ]);
  expect(both[0]).toHaveProperty('partitions');
  expect(both[1]).toHaveProperty('unavailable');
  expect(both[2]).toHaveProperty('unavailable');
  expect(both[3]).toHaveProperty('partitions');
  // Again: who is known to fail is read alone from now on.
  const again = await Promise.all([read('post'), read('post', ['gone'])]);
  expect(again[0]).toHaveProperty('partitions');
  expect(again[1]).toHaveProperty('unavailable');
});

test('a group that must not be described is unknown, and its neighbours are known', async () => {
  const [forbidden, allowed] = await Promise.all([read('forbidden'), read('post')]);
  expect(forbidden).toHaveProperty('unavailable');
  expect(allowed).toHaveProperty('partitions');
});

test('resources of a cluster are read together: requests do not grow with them', async () => {
  const asked: string[] = [];
  const counted: KafkaCluster = {
    partitionsOf: (names) => (asked.push('metadata'), cluster.partitionsOf(names)),
    committed: (group, of) => (asked.push('commits'), cluster.committed(group, of)),
    offsets: (of, at) => (asked.push('offsets'), cluster.offsets(of, at)),
    describe: (groups) => (asked.push('groups'), cluster.describe(groups)),
    refresh: () => cluster.refresh(),
    reset: () => cluster.reset(),
  };
  const shared = createLagReader(() => counted);
  const readings = await Promise.all(['post', 'sleepers', 'newcomers'].map((group) => read(group, topics, shared)));
  for (const reading of readings) expect(reading).toHaveProperty('partitions');
  const count = (what: string) => asked.filter((one) => one === what).length;
  expect([count('metadata'), count('groups'), count('offsets'), count('commits')]).toEqual([1, 1, 3, 3]);
});

test('a wrong password, and nobody at the address, are unavailable and never no lag', async () => {
  const intruder = createLagReader(() => createKafkaCluster(address('wrong')));
  expect(await read('post', topics, intruder)).toHaveProperty('unavailable');
  await intruder.stop();
  const nobodys = `127.0.0.1:${await freePort()}`;
  const nobody = createLagReader(() => createKafkaCluster({ brokers: [nobodys] }));
  expect(await read('post', topics, nobody)).toHaveProperty('unavailable');
  await nobody.stop();
});

test('an outage is unavailable, and over by itself', async () => {
  await kafka.kill();
  expect(await read('post')).toHaveProperty('unavailable');
  await kafka.start();
  await eventually(async () => expect((await known('post')).partitions[1]).toMatchObject({ endOffset: 5 }), 60_000);
});
