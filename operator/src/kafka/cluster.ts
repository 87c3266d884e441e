/** Reads topics, offsets and groups of a Kafka cluster, in as few requests as brokers and groups allow. */
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import {
  createKafkajsCluster,
  decodeAssignment,
  type Assignment,
  type DescribedGroup,
  type KafkajsCluster,
  type KafkajsCoordinator,
  type OffsetsReply,
} from '@order-pipeline/kafka';

export type TopicPartitions = ReadonlyMap<string, readonly number[]>;
/** By topic and partition; a partition that is absent was absent from the response. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<number, number>>;
export type GroupDescription = {
  /** As Kafka names it: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead. */
  readonly state: string;
  readonly assignor: string;
  readonly members: readonly Assignment[];
};

export interface KafkaCluster {
  /** Rejects when one of the topics cannot be described. */
  partitionsOf(topics: readonly string[]): Promise<TopicPartitions>;
  /** One request per group: the protocol version that kafkajs implements has no batch of groups. */
  committed(group: string, partitions: TopicPartitions): Promise<Offsets>;
  /** The start offset, the end offset, or the first offset since a time in milliseconds; one request per broker. */
  offsets(partitions: TopicPartitions, at: 'start' | 'end' | number): Promise<Offsets>;
  /** One request per coordinator. */
  describe(groups: readonly string[]): Promise<ReadonlyMap<string, GroupDescription>>;
  /** Forgets leaders and coordinators, but keeps the connections: a broker responded, with an error. */
  refresh(): void;
  /** Closes the connections and forgets the metadata; the next read connects again. */
  reset(): Promise<void>;
}

export type KafkaAddress = {
  readonly brokers: readonly string[];
  readonly tls?: { readonly ca?: string | undefined } | undefined;
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly password: string } | undefined;
};

const metadataMaxAgeMs = 60_000;

const createClient = ({ brokers, tls, sasl }: KafkaAddress): Kafka =>
  new Kafka({
    clientId: 'consumer-scaler',
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 5_000,
    enforceRequestTimeout: true,
    // The next reconciliation is the retry.
    retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1 },
    ...(tls === undefined ? {} : { ssl: tls.ca === undefined ? true : { ca: [tls.ca] } }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    logLevel: logLevel.NOTHING,
  });

export const createKafkaCluster = (address: KafkaAddress): KafkaCluster => new BatchingCluster(createClient(address));

const topicRequests = (partitions: TopicPartitions) =>
  [...partitions].map(([topic, ids]) => ({ topic, partitions: ids.map((partition) => ({ partition })) }));

const toOffsets = (replies: readonly OffsetsReply[]): Offsets =>
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

const descriptionOf = ({ state, protocol, members }: DescribedGroup): GroupDescription => ({
  state,
  assignor: protocol,
  members: members.map(({ memberAssignment }) => decodeAssignment(memberAssignment)),
});

class BatchingCluster implements KafkaCluster {
  readonly #kafka: Kafka;
  readonly #coordinators = new Map<string, KafkajsCoordinator>();
  #connected: Promise<KafkajsCluster> | undefined;
  #isStale = false;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async partitionsOf(topics: readonly string[]): Promise<TopicPartitions> {
    const cluster = await this.#connect();
    // Only these: a topic that does not exist makes every metadata request fail for as long as it is a target.
    cluster.targetTopics = new Set(topics);
    await (this.#isStale ? cluster.refreshMetadata() : cluster.refreshMetadataIfNecessary());
    this.#isStale = false;
    return new Map(
      topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)]),
    );
  }

  async committed(group: string, partitions: TopicPartitions): Promise<Offsets> {
    try {
      const coordinator = await this.#coordinatorOf(await this.#connect(), group);
      const { responses } = await coordinator.offsetFetch({ groupId: group, topics: topicRequests(partitions) });
      return toOffsets(responses);
    } catch (error) {
      this.#coordinators.delete(group);
      throw error;
    }
  }

  async offsets(partitions: TopicPartitions, at: 'start' | 'end' | number): Promise<Offsets> {
    const cluster = await this.#connect();
    const when = typeof at === 'number' ? { fromTimestamp: at } : { fromBeginning: at === 'start' };
    const topics = topicRequests(partitions).map((request) => ({ ...request, ...when }));
    return toOffsets(topics.length === 0 ? [] : await cluster.fetchTopicsOffset(topics));
  }

  async describe(groups: readonly string[]): Promise<ReadonlyMap<string, GroupDescription>> {
    const cluster = await this.#connect();
    const byCoordinator = new Map<number, { coordinator: KafkajsCoordinator; groupIds: string[] }>();
    for (const group of groups) {
      const coordinator = await this.#coordinatorOf(cluster, group);
      const entry = byCoordinator.get(coordinator.nodeId) ?? { coordinator, groupIds: [] };
      entry.groupIds.push(group);
      byCoordinator.set(coordinator.nodeId, entry);
    }
    const replies = await Promise.all(
      [...byCoordinator.values()].map(({ coordinator, groupIds }) => coordinator.describeGroups({ groupIds })),
    );
    return new Map(replies.flatMap((reply) => reply.groups.map((group) => [group.groupId, descriptionOf(group)])));
  }

  refresh(): void {
    this.#coordinators.clear();
    this.#isStale = true;
  }

  async reset(): Promise<void> {
    this.#coordinators.clear();
    const last = this.#connected;
    this.#connected = undefined;
    await last?.then((cluster) => cluster.disconnect()).catch(() => undefined);
  }

  #connect(): Promise<KafkajsCluster> {
    this.#connected ??= connect(createKafkajsCluster(this.#kafka, metadataMaxAgeMs));
    return this.#connected;
  }

  async #coordinatorOf(cluster: KafkajsCluster, group: string): Promise<KafkajsCoordinator> {
    const known = this.#coordinators.get(group);
    if (known !== undefined) return known;
    const found = await cluster.findGroupCoordinator({ groupId: group });
    this.#coordinators.set(group, found);
    return found;
  }
}

async function connect(cluster: KafkajsCluster): Promise<KafkajsCluster> {
  try {
    await cluster.connect();
  } catch (error) {
    await cluster.disconnect().catch(() => undefined);
    throw error;
  }
  return cluster;
}
