/**
 * Topics read as they are now, from a start to an end that is known beforehand: never waiting for more, committing
 * nothing, and one batch at a time, so that memory does not grow with the topic.
 */
import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { OutageError } from '@order-pipeline/resilience';
import { kafkaOutage } from '../kafka-outage.ts';

/** Offsets of one partition; `to` is the first one that is not read. */
export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}

export interface TopicReader {
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** What the names of its short-lived consumer groups begin with. */
  readonly groupPrefix: string;
}

/** Returns 'enough' to end the reading early. One call per partition at a time. */
export type OnBatch = (batch: PartitionBatch) => Promise<'enough' | void>;

const silenceLimitMs = 30_000;
/** A fetch becomes many small objects, ten times its size. Larger records come one at a time. */
const maxBytesPerPartition = 256 * 1024;
const maxBytesPerFetch = 2 * 1024 * 1024;
const sessionTimeoutMs = 60_000;

/** An outage with a whole sentence for the person who asked. */
const unreadable = (sentence: string, cause?: unknown): OutageError => new OutageError('kafka', cause, sentence);

/** What each partition holds now. Throws an OutageError, which names the topics that are missing. */
export async function rangesOf(
  { admin }: Pick<TopicReader, 'admin'>,
  topics: readonly string[],
): Promise<OffsetRange[]> {
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      throw unreadable(`Kafka has no topic ${missing.join(', ')}; npm start creates them, and so do the manifests.`);
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
  } catch (error) {
    throw kafkaOutage(error);
  }
}

/** Reads each range to its end, partitions side by side, each in order. Rejects with what `onBatch` threw, else with an OutageError. */
export async function readRanges(
  { kafka, groupPrefix }: Pick<TopicReader, 'kafka' | 'groupPrefix'>,
  ranges: readonly OffsetRange[],
  onBatch: OnBatch,
): Promise<void> {
  const unread = ranges.filter(({ from, to }) => from < to);
  if (unread.length > 0) await new RangeReading(kafka, groupPrefix, unread, onBatch).run();
}

const isWithin = ({ from, to }: OffsetRange, { offset }: KafkaMessage): boolean =>
  BigInt(offset) >= from && BigInt(offset) < to;

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

/** One reading: a consumer in a group of its own, that pauses each partition at the end of its range. */
class RangeReading {
  readonly #consumer: Consumer;
  readonly #unread: Map<string, OffsetRange>;
  readonly #onBatch: OnBatch;
  readonly #done = Promise.withResolvers<void>();
  #isOver = false;
  #batchesInFlight = 0;
  #silence: NodeJS.Timeout | undefined;

  constructor(kafka: Kafka, groupPrefix: string, ranges: readonly OffsetRange[], onBatch: OnBatch) {
    this.#unread = new Map(ranges.map((range) => [keyOf(range), range]));
    this.#onBatch = onBatch;
    // It may be rejected before `run` awaits it.
    this.#done.promise.catch(() => undefined);
    this.#consumer = kafka.consumer({
      groupId: `${groupPrefix}-${randomUUID()}`,
      sessionTimeout: sessionTimeoutMs,
      maxWaitTimeInMs: 100,
      maxBytesPerPartition,
      maxBytes: maxBytesPerFetch,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
    });
    this.#consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      if (!restart) this.#finish(unreadable(`Kafka cannot be read (${error.message}).`, error));
    });
  }

  async run(): Promise<void> {
    this.#silence = setTimeout(() => this.#onSilence(), silenceLimitMs);
    try {
      await this.#start().catch((error: unknown) => {
        throw kafkaOutage(error);
      });
      await this.#done.promise;
    } finally {
      clearTimeout(this.#silence);
      this.#isOver = true;
      await this.#consumer.disconnect().catch(() => undefined);
    }
  }

  async #start(): Promise<void> {
    const ranges = [...this.#unread.values()];
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => this.#read(payload),
    });
    for (const { topic, partition, from } of ranges) {
      this.#consumer.seek({ topic, partition, offset: from.toString() });
    }
  }

  async #read({ batch, heartbeat, pause }: EachBatchPayload): Promise<void> {
    const range = this.#unread.get(keyOf(batch));
    if (!range || this.#isOver) {
      pause();
      return;
    }
    await this.#handOver({ ...range, messages: batch.messages.filter((message) => isWithin(range, message)) });
    this.#silence?.refresh();
    await heartbeat();
    if (BigInt(batch.lastOffset()) + 1n < range.to) return;
    this.#unread.delete(keyOf(range));
    pause();
    if (this.#unread.size === 0) this.#finish();
  }

  /** kafkajs retries nothing of it: an error of the caller's ends the reading with that error. */
  async #handOver(batch: PartitionBatch): Promise<void> {
    if (batch.messages.length === 0) return;
    this.#batchesInFlight += 1;
    try {
      if ((await this.#onBatch(batch)) === 'enough') this.#finish();
    } catch (error) {
      this.#finish(error as Error);
    }
    this.#batchesInFlight -= 1;
  }

  #onSilence(): void {
    if (this.#batchesInFlight > 0) this.#silence?.refresh();
    else {
      this.#finish(unreadable(`Kafka sent nothing for ${silenceLimitMs / 1_000} s; is a partition without a leader?`));
    }
  }

  #finish(error?: Error): void {
    this.#isOver = true;
    if (error) this.#done.reject(error);
    else this.#done.resolve();
  }
}
