import { expect, test } from '@jest/globals';
import type { KafkaCluster, Offsets, TopicPartitions } from './cluster.ts';
import { createLagReader } from './lag-reader.ts';

const each = (of: TopicPartitions, offset: number): Offsets =>
  new Map([...of].map(([topic, ids]) => [topic, new Map(ids.map((id) => [id, offset]))]));

function named(name: string, message: string, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { name });
}
/** As kafkajs says that a partition has no leader: retries that were exhausted by the broker's answer. */
const offline = () =>
  named(
    'KafkaJSNumberOfRetriesExceeded',
    'There is no leader for this topic-partition',
    named('KafkaJSProtocolError', 'There is no leader for this topic-partition'),
  );
const refused = () => named('KafkaJSNumberOfRetriesExceeded', 'refused', named('KafkaJSConnectionError', 'refused'));

/** A Kafka whose topics are all there, but for those that a test makes fail. */
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
  return { reader: createLagReader(connect), done };
}
type Reader = ReturnType<typeof kafkaWith>['reader'];
const readAll = (reader: Reader, topics: readonly string[]) =>
  Promise.all(topics.map((topic) => reader.read({ group: topic, topics: [topic], maxAgeSeconds: 60 })));
const named100 = Array.from({ length: 100 }, (_, index) => `topic-${index}`);

test('a partition without a leader blinds its own resource and nobody else, at once and from then on', async () => {
  const { reader, done } = kafkaWith((topic) => (topic === 'topic-37' ? offline() : undefined));
  for (const time of ['the first', 'the second']) {
    const readings = await readAll(reader, named100);
    const blind = readings.flatMap((reading, index) => ('unavailable' in reading ? [named100[index]] : []));
    expect([time, blind]).toEqual([time, ['topic-37']]);
  }
  // Halving finds it in fifteen reads, not in a hundred; then it is read by itself.
  expect(done.reads).toBeLessThanOrEqual(15 + 2);
  // Somebody answered: connections stay.
  expect([done.resets, done.connections]).toEqual([0, 2]);
});

test('who fails alone is waited for by nobody, and is one of all again when it succeeds', async () => {
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

test('with all of Kafka away one read says so for everybody, and the connections are made anew', async () => {
  const { reader, done } = kafkaWith(refused);
  const readings = await readAll(reader, named100);
  expect(readings.every((reading) => 'unavailable' in reading)).toBe(true);
  expect([done.reads, done.resets]).toEqual([1, 1]);
});

test('with very many that fail the search has an end, and the others are still read', async () => {
  const { reader, done } = kafkaWith((topic) => (Number(topic.slice(6)) % 2 === 0 ? offline() : undefined));
  const readings = await readAll(reader, named100);
  expect(readings.filter((reading) => 'unavailable' in reading)).toHaveLength(50);
  expect(done.connections).toBeLessThanOrEqual(1 + 3);
  expect(done.reads).toBeLessThan(150);
});

test('stopped, it answers those who wait', async () => {
  const { reader } = kafkaWith(() => undefined);
  const waiting = readAll(reader, ['a']);
  await reader.stop();
  expect(await waiting).toEqual([{ unavailable: 'the scaler is stopping' }]);
});

test('stopped while Kafka says nothing, it ends all the same', async () => {
  const silent = { partitionsOf: () => new Promise(() => {}), reset: async () => {} } as unknown as KafkaCluster;
  const reader = createLagReader(() => silent);
  void reader.read({ group: 'a', topics: ['a'], maxAgeSeconds: 60 });
  await new Promise((next) => setTimeout(next, 10));
  const begun = performance.now();
  await reader.stop();
  expect(performance.now() - begun).toBeLessThan(3_000);
});
