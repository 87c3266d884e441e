/**
 * Topics read as they are now, from a start to an end that is known beforehand: never waiting for more, committing
 * nothing, and one batch at a time, so that memory does not grow with the topic.
 */
import { randomUUID } from 'node:crypto';
import type { Admin, Kafka, KafkaMessage } from 'kafkajs';

/** Offsets of one partition; `to` is the first one that is not read. */
export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}

/** The topics cannot be read now; its message is a whole sentence for whoever asked. */
export class TopicReadError extends Error {
  override readonly name = 'TopicReadError';
  /** Trying again later can help. */
  readonly outage = true;
}

export interface TopicReader {
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** What the names of its short-lived consumer groups begin with. */
  readonly groupPrefix: string;
}

/** Answers 'enough' to end the reading early. One call per partition at a time. */
export type OnBatch = (batch: Batch) => Promise<'enough' | void>;

const silenceLimitMs = 30_000;
/** A fetch becomes many small objects, ten times its size. Larger messages come one at a time. */
const maxBytesPerPartition = 256 * 1024;
const maxBytesPerFetch = 2 * 1024 * 1024;
const sessionTimeoutMs = 60_000;

/** What each partition holds now. Throws a TopicReadError that names a topic which is not there. */
export async function rangesOf(
  { admin }: Pick<TopicReader, 'admin'>,
  topics: readonly string[],
): Promise<OffsetRange[]> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !existing.has(topic));
  if (missing.length > 0) {
    throw new TopicReadError(
      `Kafka has no topic ${missing.join(', ')}; npm start creates them, and so do the manifests.`,
    );
  }
  const ranges = topics.map(async (topic) =>
    (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
      topic,
      partition,
      from: BigInt(low),
      to: BigInt(high),
    })),
  );
  return (await Promise.all(ranges)).flat();
}

/** Reads each range to its end, partitions side by side, each in order. */
export async function readRanges(
  { kafka, groupPrefix }: Pick<TopicReader, 'kafka' | 'groupPrefix'>,
  ranges: readonly OffsetRange[],
  onBatch: OnBatch,
): Promise<void> {
  const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [keyOf(range), range]));
  if (open.size === 0) return;
  const consumer = kafka.consumer({
    groupId: `${groupPrefix}-${randomUUID()}`,
    sessionTimeout: sessionTimeoutMs,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition,
    maxBytes: maxBytesPerFetch,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
  });
  const done = Promise.withResolvers<void>();
  let over = false;
  const finish = (error?: Error): void => {
    over = true;
    if (error) done.reject(error);
    else done.resolve();
  };
  let inWork = 0;
  const silence = setTimeout(() => {
    if (inWork > 0) silence.refresh();
    else
      finish(
        new TopicReadError(`Kafka sent nothing for ${silenceLimitMs / 1_000} s; is a partition without a leader?`),
      );
  }, silenceLimitMs);
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) finish(new TopicReadError(`Kafka cannot be read (${payload.error.message}).`));
  });

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch, heartbeat, pause }) => {
        const range = open.get(keyOf(batch));
        if (!range || over) {
          pause();
          return;
        }
        inWork += 1;
        const { topic, partition } = batch;
        const messages = batch.messages.filter(
          ({ offset }) => BigInt(offset) >= range.from && BigInt(offset) < range.to,
        );
        try {
          // Nothing is retried by kafkajs: an error of ours ends the reading with that error.
          if (messages.length > 0 && (await onBatch({ topic, partition, messages })) === 'enough') finish();
        } catch (error) {
          finish(error as Error);
        }
        inWork -= 1;
        silence.refresh();
        await heartbeat();
        if (BigInt(batch.lastOffset()) + 1n < range.to) return;
        open.delete(keyOf(range));
        pause();
        if (open.size === 0) finish();
      },
    });
    for (const { topic, partition, from } of open.values())
      consumer.seek({ topic, partition, offset: from.toString() });
    await done.promise;
  } finally {
    clearTimeout(silence);
    over = true;
    await consumer.disconnect().catch(() => undefined);
  }
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;
