/** Topics and consumer groups as another client of the broker sees them. */
import { randomUUID } from 'node:crypto';
import type { Admin, Kafka, KafkaMessage } from 'kafkajs';
import { deadLetterTopic } from '@order-pipeline/events';
import { createGroupLagReader } from '@order-pipeline/kafka';

export interface TopicRecord {
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** For how long no record may arrive; a long topic takes its time on a busy machine. */
const silenceLimitMs = 60_000;

/** Every record that the topic holds now, in offset order within each partition. */
export async function readTopic(kafka: Kafka, topic: string): Promise<TopicRecord[]> {
  const open = new Map<number, bigint>();
  await withAdmin(kafka, async (admin) => {
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) open.set(partition, BigInt(high));
    }
  });
  if (open.size === 0) return [];
  const records: TopicRecord[] = [];
  const consumer = kafka.consumer({ groupId: `tests-${randomUUID()}`, maxWaitTimeInMs: 100, retry: { retries: 10 } });
  const complete = Promise.withResolvers<void>();
  const limit = setTimeout(
    () => complete.reject(new Error(`${topic}: no record arrived for ${silenceLimitMs / 1_000} s`)),
    silenceLimitMs,
  );
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        limit.refresh();
        for (const message of messages) {
          const end = open.get(partition);
          if (end === undefined || BigInt(message.offset) >= end) continue;
          records.push({ partition, message });
          if (BigInt(message.offset) + 1n >= end) open.delete(partition);
        }
        if (open.size === 0) complete.resolve();
      },
    });
    await complete.promise;
  } finally {
    clearTimeout(limit);
    await consumer.disconnect();
  }
  return records;
}

export const deadLetters = (kafka: Kafka, consumerGroup: string): Promise<TopicRecord[]> =>
  readTopic(kafka, deadLetterTopic(consumerGroup));

/** The one value of a header, as text. */
export const header = ({ headers }: KafkaMessage, name: string): string | undefined => headers?.[name]?.toString();

/** Committed offsets by `topic:partition`; none where the group has committed nothing. */
export function committedOffsets(
  kafka: Kafka,
  consumerGroup: string,
  topics: readonly string[],
): Promise<Map<string, number>> {
  return withAdmin(kafka, async (admin) => {
    const committed = await admin.fetchOffsets({ groupId: consumerGroup, topics: [...topics] });
    const rows = committed.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}:${partition}`, Number(offset)] as const),
    );
    return new Map(rows.filter(([, offset]) => offset >= 0));
  });
}

/** Records of these topics after the group's committed offsets; all records where it has committed nothing. */
export async function committedLag(kafka: Kafka, consumerGroup: string, topics: readonly string[]): Promise<number> {
  const reader = createGroupLagReader(kafka);
  try {
    const lags = await Promise.all(topics.map((topic) => reader.lagOf(consumerGroup, topic)));
    return lags.reduce((sum, lag) => sum + Number(lag), 0);
  } finally {
    await reader.stop();
  }
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
