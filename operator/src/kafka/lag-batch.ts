/** One reading of what groups owe, for any number of resources of a Kafka cluster: requests grow with brokers and groups. */
import type { GroupDescription, KafkaCluster, Offsets, TopicPartitions } from './cluster.ts';
import type { KafkaReading, KafkaUnavailable, PartitionReading } from '../decide/observation.ts';

export type LagRequest = {
  readonly group: string;
  readonly topics: readonly string[];
  readonly maxAgeSeconds: number;
};

const groupsAtOnce = 50;

/** The readings of several resources, in the order of the requests; one that is refused makes all of them fail. */
export async function readBatch(
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
