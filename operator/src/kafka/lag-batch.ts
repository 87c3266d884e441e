/** One read of the lag of groups, for any number of resources of a Kafka cluster: requests grow with brokers and groups. */
import type { GroupDescription, KafkaCluster, Offsets, TopicPartitions } from './cluster.ts';
import {
  partitionKey,
  type KafkaReading,
  type KafkaUnavailable,
  type PartitionReading,
} from '../decide/observation.ts';

export type LagRequest = {
  readonly group: string;
  readonly topics: readonly string[];
  readonly maxAgeSeconds: number;
};

/** Groups whose commits are fetched concurrently. */
const maxConcurrentGroups = 50;

/** The readings in the order of the requests; an error response to one request rejects all of them. */
export async function readLagBatch(
  cluster: KafkaCluster,
  requests: readonly LagRequest[],
  nowMs: number,
): Promise<(KafkaReading | KafkaUnavailable)[]> {
  const partitions = await cluster.partitionsOf([...new Set(requests.flatMap(({ topics }) => topics))]);
  const described = await cluster.describe([...new Set(requests.map(({ group }) => group))]);
  // Commits before ends: a consumer that commits in between makes the lag larger, never negative.
  const committed = await mapInBatches(requests, ({ group, topics }) =>
    cluster.committed(group, partitionsOf(topics, partitions)).catch((error: Error) => error),
  );
  const ages = [...new Set(requests.map(({ maxAgeSeconds }) => maxAgeSeconds))];
  const [ends, starts, ...atAges] = await Promise.all([
    cluster.offsets(partitions, 'end'),
    cluster.offsets(partitions, 'start'),
    ...ages.map((age) => {
      const topics = requests.filter(({ maxAgeSeconds }) => maxAgeSeconds === age).flatMap((request) => request.topics);
      return cluster.offsets(partitionsOf(topics, partitions), nowMs - age * 1_000);
    }),
  ]);
  return requests.map((request, index) => {
    const commits = committed[index]!;
    if (commits instanceof Error) {
      return { unavailable: `the committed offsets of ${request.group}: ${commits.message}` };
    }
    const atMaxAge = atAges[ages.indexOf(request.maxAgeSeconds)]!;
    const readings = request.topics.flatMap((topic) =>
      (partitions.get(topic) ?? []).map((partition): PartitionReading => ({
        topic,
        partition,
        startOffset: offsetIn(starts, topic, partition),
        endOffset: offsetIn(ends, topic, partition),
        committedOffset: offsetIn(commits, topic, partition),
        offsetAtMaxAge: offsetIn(atMaxAge, topic, partition),
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
  if (description === undefined) return { unavailable: `the group ${group} is absent from the response` };
  const { state, assignor, members } = description;
  if (state === 'Dead' && partitions.some(({ committedOffset }) => (committedOffset ?? -1) >= 0)) {
    const remedy = 'its consumers use the protocol of KIP-848; set group.protocol=classic';
    return { unavailable: `the group ${group} has committed offsets and cannot be described: ${remedy}` };
  }
  return {
    group: {
      state: state === 'Stable' ? 'Stable' : state === 'Empty' || state === 'Dead' ? 'Empty' : 'Rebalancing',
      assignor,
      members: members.map((assignment) =>
        topics.flatMap((topic) => (assignment[topic] ?? []).map((partition) => partitionKey({ topic, partition }))),
      ),
    },
    partitions,
  };
}

function offsetIn(offsets: Offsets, topic: string, partition: number): number | null {
  return offsets.get(topic)?.get(partition) ?? null;
}

function partitionsOf(topics: readonly string[], partitions: TopicPartitions): TopicPartitions {
  return new Map(topics.map((topic) => [topic, partitions.get(topic) ?? []]));
}

async function mapInBatches<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += maxConcurrentGroups) {
    results.push(...(await Promise.all(items.slice(first, first + maxConcurrentGroups).map(map))));
  }
  return results;
}
