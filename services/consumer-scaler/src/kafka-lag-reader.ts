/** Reads what groups owe. Those who ask while a read is in flight share the next one, so requests grow with brokers. */
import { setTimeout as pause } from 'node:timers/promises';
import type { GroupDescription, KafkaCluster, Offsets, TopicPartitions } from './kafka-cluster.ts';
import type { KafkaReading, KafkaUnavailable, PartitionReading } from './observation.ts';

export type LagRequest = {
  readonly group: string;
  readonly topics: readonly string[];
  readonly maxAgeSeconds: number;
};

export interface LagReader {
  /** Never throws: what could not be read is unavailable, which is not the same as no lag. */
  read(request: LagRequest): Promise<KafkaReading | KafkaUnavailable>;
  stop(): Promise<void>;
}

type Waiting = { readonly request: LagRequest; readonly answer: (reading: KafkaReading | KafkaUnavailable) => void };

const maxBatch = 1_000;
const groupsAtOnce = 50;
const readLimitMs = 20_000;

export function createLagReader(cluster: KafkaCluster, now: () => number = Date.now): LagReader {
  const waiting: Waiting[] = [];
  /** Who failed alone is read alone until that succeeds, so that a topic that is missing spoils nobody else's reading. */
  const suspects = new Set<string>();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    // What is asked in the same turn of the event loop goes together already in the first batch.
    await pause(0);
    while (waiting.length > 0) await readAll(waiting.splice(0, maxBatch));
    running = undefined;
  }

  async function readAll(batch: readonly Waiting[]): Promise<void> {
    const sound = batch.filter(({ request }) => !suspects.has(keyOf(request)));
    const failure = await together(sound);
    const alone = batch.filter((one) => suspects.has(keyOf(one.request)) || failure !== undefined);
    for (const one of alone) {
      // With the whole cluster away each would wait for its own time-out; the first to say so speaks for all.
      const away = failure !== undefined && isAway(failure) ? failure : await together([one]);
      if (away === undefined) suspects.delete(keyOf(one.request));
      else if (!isAway(away)) suspects.add(keyOf(one.request));
      if (away !== undefined) one.answer({ unavailable: away.message });
    }
  }

  /** Answers all of them, or none and why. */
  async function together(batch: readonly Waiting[]): Promise<Error | undefined> {
    if (batch.length === 0) return undefined;
    const timeout = new AbortController();
    try {
      const requests = batch.map(({ request }) => request);
      const readings = await Promise.race([
        readBatch(cluster, requests, now()),
        pause(readLimitMs, undefined, { signal: timeout.signal }).then(() => {
          throw new ReadTimeoutError(`Kafka did not answer within ${readLimitMs / 1_000} s`);
        }),
      ]);
      batch.forEach(({ answer }, index) => answer(readings[index]!));
      return undefined;
    } catch (error) {
      await cluster.reset();
      return error as Error;
    } finally {
      timeout.abort();
    }
  }

  return {
    read: (request) =>
      new Promise((answer) => {
        waiting.push({ request, answer });
        running ??= run();
      }),
    async stop() {
      for (const { answer } of waiting.splice(0)) answer({ unavailable: 'the scaler is stopping' });
      await cluster.reset();
      await running;
    },
  };
}

class ReadTimeoutError extends Error {
  override readonly name = 'ReadTimeoutError';
}

const keyOf = ({ group, topics }: LagRequest): string => JSON.stringify([group, topics]);

/** Nobody answers at all, as opposed to an answer that refuses one topic or group. */
const isAway = ({ name }: Error): boolean =>
  /Connection|Timeout|NumberOfRetries|SASLAuthentication|Aggregate/u.test(name) && name !== 'KafkaJSProtocolError';

async function readBatch(
  cluster: KafkaCluster,
  requests: readonly LagRequest[],
  nowMs: number,
): Promise<(KafkaReading | KafkaUnavailable)[]> {
  const partitions = await cluster.partitionsOf([...new Set(requests.flatMap(({ topics }) => topics))]);
  const described = await cluster.describe([...new Set(requests.map(({ group }) => group))]);
  // Commits before ends: a consumer at work between the two makes the lag larger by that, never negative.
  const committed = await inTurns(requests, ({ group, topics }) =>
    cluster.committed(group, only(partitions, topics)).catch((error: Error) => error),
  );
  const ages = [...new Set(requests.map(({ maxAgeSeconds }) => maxAgeSeconds))];
  const [ends, starts, ...young] = await Promise.all([
    cluster.offsets(partitions, 'end'),
    cluster.offsets(partitions, 'start'),
    ...ages.map((age) => {
      const topics = requests.filter(({ maxAgeSeconds }) => maxAgeSeconds === age).flatMap((request) => request.topics);
      return cluster.offsets(only(partitions, topics), nowMs - age * 1_000);
    }),
  ]);
  return requests.map((request, index) => {
    const commits = committed[index]!;
    if (commits instanceof Error) return { unavailable: `the commits of ${request.group}: ${commits.message}` };
    const atMaxAge = young[ages.indexOf(request.maxAgeSeconds)]!;
    const readings = request.topics.flatMap((topic) =>
      (partitions.get(topic) ?? []).map((partition): PartitionReading => ({
        topic,
        partition,
        startOffset: at(starts, topic, partition),
        endOffset: at(ends, topic, partition),
        committedOffset: at(commits, topic, partition),
        offsetAtMaxAge: at(atMaxAge, topic, partition),
      })),
    );
    return withGroup(request, described.get(request.group), readings);
  });
}

function withGroup(
  { group, topics }: LagRequest,
  description: GroupDescription | undefined,
  partitions: readonly PartitionReading[],
): KafkaReading | KafkaUnavailable {
  if (description === undefined) return { unavailable: `the group ${group} is absent from the reply` };
  const { state, assignor, members } = description;
  if (state === 'Dead' && partitions.some(({ committedOffset }) => (committedOffset ?? -1) >= 0)) {
    const remedy = 'its consumers speak the protocol of KIP-848; set group.protocol=classic';
    return { unavailable: `the group ${group} has commits and cannot be described: ${remedy}` };
  }
  return {
    group: {
      state: state === 'Stable' ? 'Stable' : state === 'Empty' || state === 'Dead' ? 'Empty' : 'Rebalancing',
      assignor,
      members: members.map((assignment) =>
        topics.flatMap((topic) => (assignment[topic] ?? []).map((partition) => `${topic}-${partition}`)),
      ),
    },
    partitions,
  };
}

const at = (offsets: Offsets, topic: string, partition: number): number | null =>
  offsets.get(topic)?.get(partition) ?? null;

const only = (partitions: TopicPartitions, topics: readonly string[]): TopicPartitions =>
  new Map(topics.map((topic) => [topic, partitions.get(topic) ?? []]));

async function inTurns<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += groupsAtOnce) {
    results.push(...(await Promise.all(items.slice(first, first + groupsAtOnce).map(act))));
  }
  return results;
}
