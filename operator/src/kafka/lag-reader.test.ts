import { expect, test } from '@jest/globals';
import type { KafkaCluster, Offsets, TopicPartitions } from './cluster.ts';
import { LagReader } from './lag-reader.ts';

const each = (of: TopicPartitions, offset: number): Offsets =>
  new Map([...of].map(([topic, ids]) => [topic, new Map(ids.map((id) => [id, offset]))]));

function named(name: string, message: string, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { name });
}
/** kafkajs' error for a partition without a leader: the retries are exhausted by error responses. */
const offline = () =>
  named(
    'KafkaJSNumberOfRetriesExceeded',
    'There is no leader for this topic-partition',
    named('KafkaJSProtocolError', 'There is no leader for this topic-partition'),
  );
const refused = () => named('KafkaJSNumberOfRetriesExceeded', 'refused', named('KafkaJSConnectionError', 'refused'));

/** A Kafka in which every topic exists; a test makes some of them fail. */
function kafkaWith(fault: (topic: string) => Error | undefined, slowMs = 0) {
  const done = { connections: 0, reads: 0, resets: 0, refreshes: 0 };
  const connect = (): KafkaCluster => {
    done.connections += 1;
    return {
      async partitionsOf(topics) {
        done.reads += 1;
        const failure = topics.map(fault).find((one) => one !== undefined);
        if (failure !== undefined) await new Promise((next) => setTimeout(next, slowMs));
        if (failure !== undefined) throw failure;
        return new Map(topics.map((topic) => [topic, [0]]));
      },
      committed: async (_, of) => each(of, 3),
      offsets: async (of) => each(of, 5),
      describe: async (groups) =>
        new Map(groups.map((group) => [group, { state: 'Empty', assignor: '', members: [] }])),
      refresh: () => void (done.refreshes += 1),
      reset: async () => void (done.resets += 1),
    };
  };
  return { reader: new LagReader(connect), done };
}
const readAll = (reader: LagReader, topics: readonly string[]) =>
  Promise.all(topics.map((topic) => reader.read({ group: topic, topics: [topic], maxAgeSeconds: 60 })));
const named100 = Array.from({ length: 100 }, (_, index) => `topic-${index}`);

test('a partition without a leader makes only its own resource unavailable, in every read', async () => {
  const { reader, done } = kafkaWith((topic) => (topic === 'topic-37' ? offline() : undefined));
  for (const attempt of ['first', 'second']) {
    const readings = await readAll(reader, named100);
    const unavailable = readings.flatMap((reading, index) => ('unavailable' in reading ? [named100[index]] : []));
    expect([attempt, unavailable]).toEqual([attempt, ['topic-37']]);
  }
  // Halving finds it with fifteen reads, not a hundred; from then on it is read alone.
  expect(done.reads).toBeLessThanOrEqual(15 + 2);
  // A broker responded: the connections are kept.
  expect([done.resets, done.connections]).toEqual([0, 2]);
});

test('a request that fails on its own delays no other, and is read with the others again once it succeeds', async () => {
  let broken = true;
  const { reader, done } = kafkaWith((topic) => (broken && topic === 'slow' ? offline() : undefined), 300);
  await readAll(reader, ['slow', 'fast']);
  const slow = readAll(reader, ['slow']);
  const fast = readAll(reader, ['fast']);
  expect(await Promise.race([slow.then(() => 'slow'), fast.then(() => 'fast')])).toBe('fast');
  expect((await fast)[0]).toHaveProperty('partitions');
  expect((await slow)[0]).toEqual({ unavailable: expect.stringContaining('no leader') });
  broken = false;
  await readAll(reader, ['slow']);
  const { reads } = done;
  await readAll(reader, ['slow', 'fast']);
  expect(done.reads).toBe(reads + 1);
});

test('while Kafka is unreachable one read fails for all requests, and the connections are reset', async () => {
  const { reader, done } = kafkaWith(refused);
  const readings = await readAll(reader, named100);
  expect(readings.every((reading) => 'unavailable' in reading)).toBe(true);
  expect([done.reads, done.resets]).toEqual([1, 1]);
});

test('with many failing requests the search is limited, and the others are still read', async () => {
  const { reader, done } = kafkaWith((topic) => (Number(topic.slice(6)) % 2 === 0 ? offline() : undefined));
  const readings = await readAll(reader, named100);
  expect(readings.filter((reading) => 'unavailable' in reading)).toHaveLength(50);
  expect(done.connections).toBeLessThanOrEqual(1 + 3);
  expect(done.reads).toBeLessThan(150);
});

test('stop answers the reads that wait', async () => {
  const { reader } = kafkaWith(() => undefined);
  const waiting = readAll(reader, ['a']);
  await reader.stop();
  expect(await waiting).toEqual([{ unavailable: 'the operator is shutting down' }]);
});

test('stop does not wait for a Kafka that does not respond', async () => {
  const response = Promise.withResolvers<TopicPartitions>();
  const silent = { partitionsOf: () => response.promise, reset: async () => {} } as unknown as KafkaCluster;
  const reader = new LagReader(() => silent);
  void reader.read({ group: 'a', topics: ['a'], maxAgeSeconds: 60 });
  await new Promise((next) => setTimeout(next, 10));
  const begun = performance.now();
  await reader.stop();
  expect(performance.now() - begun).toBeLessThan(3_000);
  response.reject(new Error('connection closed'));
});
