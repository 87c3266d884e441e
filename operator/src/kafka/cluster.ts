/** What the lag reader asks of a Kafka cluster, in as few requests as brokers and groups allow. */
import kafkajs, { Kafka, logLevel, type SASLOptions } from 'kafkajs';

export type TopicPartitions = ReadonlyMap<string, readonly number[]>;
/** By topic and partition; one that is absent was absent from the reply. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<number, number>>;
export type GroupDescription = {
  /** Kafka's word: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead. */
  readonly state: string;
  readonly assignor: string;
  readonly members: readonly Readonly<Record<string, readonly number[]>>[];
};

export interface KafkaCluster {
  /** Throws where one of the topics cannot be had. */
  partitionsOf(topics: readonly string[]): Promise<TopicPartitions>;
  /** One request per group, whose commits have no batch in the protocol that kafkajs speaks. */
  committed(group: string, partitions: TopicPartitions): Promise<Offsets>;
  /** The first offset, the next one, or the first that is younger than a time in milliseconds; one request per broker. */
  offsets(partitions: TopicPartitions, at: 'start' | 'end' | number): Promise<Offsets>;
  /** One request per coordinator. */
  describe(groups: readonly string[]): Promise<ReadonlyMap<string, GroupDescription>>;
  /** Forgets who leads and who coordinates, but keeps the connections: somebody answered, and refused. */
  refresh(): void;
  /** Forgets connections and metadata, so that the next question starts anew. */
  reset(): Promise<void>;
}

export type KafkaAddress = {
  readonly brokers: readonly string[];
  readonly tls?: { readonly ca?: string | undefined } | undefined;
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly password: string } | undefined;
};

/** The part of kafkajs below its admin client, which asks topic by topic and twice. Its version is pinned. */
interface Inner {
  targetTopics: Set<string>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
  fetchTopicsOffset(topics: readonly object[]): Promise<Reply[]>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<Coordinator>;
}
interface Coordinator {
  readonly nodeId: number;
  offsetFetch(request: object): Promise<{ readonly responses: readonly Reply[] }>;
  describeGroups(request: object): Promise<{ readonly groups: readonly Described[] }>;
}
type Reply = {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly errorCode?: number }[];
};
type Described = {
  readonly groupId: string;
  readonly state: string;
  readonly protocol: string;
  readonly members: readonly { readonly memberAssignment: Buffer }[];
};

const metadataMaxAgeMs = 60_000;

export function createKafkaCluster({ brokers, tls, sasl }: KafkaAddress): KafkaCluster {
  const kafka = new Kafka({
    clientId: 'consumer-scaler',
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 5_000,
    enforceRequestTimeout: true,
    // The next look is the retry.
    retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1 },
    ...(tls === undefined ? {} : { ssl: tls.ca === undefined ? true : { ca: [tls.ca] } }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    logLevel: logLevel.NOTHING,
  });
  const coordinators = new Map<string, Coordinator>();
  let inner: Promise<Inner> | undefined;
  let stale = false;

  const connected = (): Promise<Inner> =>
    (inner ??= (async () => {
      const cluster = newInner(kafka);
      try {
        await cluster.connect();
      } catch (error) {
        await cluster.disconnect().catch(() => undefined);
        throw error;
      }
      return cluster;
    })());
  const coordinatorOf = async (cluster: Inner, group: string): Promise<Coordinator> => {
    const known = coordinators.get(group);
    if (known !== undefined) return known;
    const found = await cluster.findGroupCoordinator({ groupId: group });
    coordinators.set(group, found);
    return found;
  };

  return {
    async partitionsOf(topics) {
      const cluster = await connected();
      // Only these: one that does not exist would spoil the metadata of all others for as long as it is asked for.
      cluster.targetTopics = new Set(topics);
      await (stale ? cluster.refreshMetadata() : cluster.refreshMetadataIfNecessary());
      stale = false;
      return new Map(
        topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)]),
      );
    },
    async committed(group, partitions) {
      try {
        const coordinator = await coordinatorOf(await connected(), group);
        const topics = [...partitions].map(([topic, ids]) => ({
          topic,
          partitions: ids.map((partition) => ({ partition })),
        }));
        return toOffsets((await coordinator.offsetFetch({ groupId: group, topics })).responses);
      } catch (error) {
        coordinators.delete(group);
        throw error;
      }
    },
    async offsets(partitions, at) {
      const cluster = await connected();
      const when = typeof at === 'number' ? { fromTimestamp: at } : { fromBeginning: at === 'start' };
      const topics = [...partitions].map(([topic, ids]) => ({
        topic,
        partitions: ids.map((partition) => ({ partition })),
        ...when,
      }));
      return toOffsets(topics.length === 0 ? [] : await cluster.fetchTopicsOffset(topics));
    },
    async describe(groups) {
      const cluster = await connected();
      const byCoordinator = new Map<number, { coordinator: Coordinator; groupIds: string[] }>();
      for (const group of groups) {
        const coordinator = await coordinatorOf(cluster, group);
        const entry = byCoordinator.get(coordinator.nodeId) ?? { coordinator, groupIds: [] };
        entry.groupIds.push(group);
        byCoordinator.set(coordinator.nodeId, entry);
      }
      const replies = await Promise.all(
        [...byCoordinator.values()].map(({ coordinator, groupIds }) => coordinator.describeGroups({ groupIds })),
      );
      return new Map(
        replies
          .flatMap(({ groups: described }) => described)
          .map(({ groupId, state, protocol, members }) => [
            groupId,
            { state, assignor: protocol, members: members.map((member) => decodeAssignment(member.memberAssignment)) },
          ]),
      );
    },
    refresh() {
      coordinators.clear();
      stale = true;
    },
    async reset() {
      coordinators.clear();
      const last = inner;
      inner = undefined;
      await last?.then((cluster) => cluster.disconnect()).catch(() => undefined);
    },
  };
}

function newInner(kafka: Kafka): Inner {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(':createCluster'));
  if (symbol === undefined) throw new TypeError('kafkajs is not the version that package.json pins');
  const create = (kafka as unknown as Record<symbol, (options: object) => Inner>)[symbol]!;
  return create({ metadataMaxAge: metadataMaxAgeMs, allowAutoTopicCreation: false });
}

const toOffsets = (replies: readonly Reply[]): Offsets =>
  new Map(
    replies.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions
          .filter(({ errorCode = 0 }) => errorCode === 0)
          .map(({ partition, offset }) => [partition, Number(offset)]),
      ),
    ]),
  );

/** Empty for a member that has none yet, which kafkajs' decoder does not expect. */
const decodeAssignment = (assignment: Buffer): Readonly<Record<string, number[]>> =>
  assignment.length === 0 ? {} : (kafkajs.AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {});
