import type { Admin, Kafka } from 'kafkajs';
import { topics as allTopics, type TopicEntry } from '@order-pipeline/events';
import { backoffMs, wait } from '@order-pipeline/resilience';
import { kafkaOutage } from './kafka-outage.ts';

const leadersWithinMs = 30_000;
const leadersBackoff = { firstMs: 20, maxMs: 500 };

const createTopics = (admin: Admin, topics: readonly TopicEntry[], replicationFactor: number): Promise<boolean> =>
  admin.createTopics({
    // kafkajs' own wait gives up at a broker that has not heard of the topic yet, as one of several well may.
    waitForLeaders: false,
    topics: topics.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    })),
  });

/**
 * Creates the topics that are missing, explicitly and with their partitions; existing ones stay as they are. When it
 * resolves, each partition has a leader. Returns the names of the created ones; rejects with an OutageError.
 */
export async function ensureTopics(
  kafka: Kafka,
  { topics = allTopics, replicationFactor = 1 }: { topics?: readonly TopicEntry[]; replicationFactor?: number } = {},
): Promise<string[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) await createTopics(admin, missing, replicationFactor);
    const names = missing.map(({ name }) => name);
    await untilLed(admin, names);
    return names;
  } catch (error) {
    throw kafkaOutage(error);
  } finally {
    await admin.disconnect();
  }
}

const notLedYet = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);
/** Kafka's response may be wrapped in the error in which kafkajs reports its retries. */
const isNotLedYet = ({ type = '', cause }: { type?: string; cause?: unknown }): boolean =>
  notLedYet.has(type) || (cause instanceof Error && isNotLedYet(cause));

async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const deadlineMs = performance.now() + leadersWithinMs;
  const areLed = async (): Promise<boolean> => {
    const metadata = await admin.fetchTopicMetadata({ topics });
    return metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  };
  for (let attempt = 0; topics.length > 0; attempt += 1) {
    try {
      if (await areLed()) return;
    } catch (error) {
      if (!isNotLedYet(error as Error)) throw error;
    }
    if (performance.now() >= deadlineMs) {
      throw new Error(`the topics ${topics.join(', ')} have no leaders after ${leadersWithinMs / 1_000} s`);
    }
    await wait(backoffMs(leadersBackoff, attempt));
  }
}
