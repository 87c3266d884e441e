/** One producer per process: batches of events out, acknowledged by all in-sync replicas, with where each one landed. */
import { Partitioners, type Kafka, type Message } from 'kafkajs';
import { encodeEvent, type PipelineEvent } from '@order-pipeline/events';
import type { MessageSpans, SentMessage } from '@order-pipeline/tracing';
import type { MessagingMetrics } from './metrics.ts';
import { OutageError } from '@order-pipeline/resilience';
import type { Headers } from './record-format.ts';

export interface PublishedAt {
  readonly partition: number;
  readonly offset: string;
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: Headers;
}

export interface Publisher {
  /** Rejects with an OutageError when Kafka did not acknowledge all; some may have been written, and may be sent again. */
  send(records: readonly OutgoingRecord[]): Promise<PublishedAt[]>;
  publish(events: readonly PipelineEvent[]): Promise<PublishedAt[]>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What is above these is sent in several parts, because a broker refuses a batch over its topic's limit as a whole. */
const maxRecordsPerSend = 1_000;
const maxBytesPerSend = 512 * 1024;

export function createPublisher(kafka: Kafka, metrics: MessagingMetrics, spans?: MessageSpans): Publisher {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    maxInFlightRequests: 5,
    createPartitioner: rememberingPartitioner,
  });
  let connected: Promise<void> | undefined;

  // A failed connect is forgotten, so that the next send tries anew.
  const connect = (): Promise<void> => {
    connected ??= producer.connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };

  const sendOnce = async (records: readonly OutgoingRecord[]): Promise<PublishedAt[]> => {
    const messages = records.map(({ key, value, headers }): Message => ({
      key,
      value,
      // Its type does not know of headers without a value.
      headers: headers as NonNullable<Message['headers']>,
    }));
    const byTopic = new Map<string, Message[]>();
    records.forEach(({ topic }, index) => {
      const list = byTopic.get(topic) ?? [];
      list.push(messages[index]!);
      byTopic.set(topic, list);
    });
    try {
      await connect();
      const acknowledged = await producer.sendBatch({
        acks: -1,
        topicMessages: [...byTopic].map(([topic, list]) => ({ topic, messages: list })),
      });
      const nextOffset = new Map(
        acknowledged.map((entry) => [`${entry.topicName}:${entry.partition}`, BigInt(entry.baseOffset!)]),
      );
      return records.map(({ topic }, index) => {
        const partition = messages[index]!.partition!;
        const offset = nextOffset.get(`${topic}:${partition}`)!;
        nextOffset.set(`${topic}:${partition}`, offset + 1n);
        return { partition, offset: offset.toString() };
      });
    } catch (error) {
      throw new OutageError('kafka', error);
    }
  };

  const send = async (records: readonly OutgoingRecord[]): Promise<PublishedAt[]> => {
    const published: PublishedAt[] = [];
    for (const part of partsOf(records)) published.push(...(await sendOnce(part)));
    for (const { topic } of records) metrics.produced.inc({ topic });
    return published;
  };

  return {
    send,
    async publish(events) {
      const records = events.map(encodeEvent);
      const published = await send(records);
      // From when the fact stood in the outbox, however many tries or restarts that was ago.
      spans?.sent(sentMessages(records, published, (index) => Date.parse(events[index]!.data.timestamp)));
      return published;
    },
    start: connect,
    stop: () => producer.disconnect(),
  };
}

/** What tracing tells of records that were acknowledged. */
export const sentMessages = (
  records: readonly OutgoingRecord[],
  places: readonly PublishedAt[],
  sinceMs: (index: number) => number,
): SentMessage[] =>
  records.map(({ topic, key, headers }, index) => ({
    topic,
    key: key?.toString(),
    traceparent: headers['traceparent']?.toString(),
    ...places[index]!,
    sinceMs: sinceMs(index),
  }));

/** A record that is above the limit on its own makes a part of its own. */
function partsOf(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const parts: OutgoingRecord[][] = [];
  let part: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(record.value ?? '');
    if (part.length > 0 && (part.length === maxRecordsPerSend || bytes + size > maxBytesPerSend)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** The Java client's murmur2 partitioner, which also notes its choice on the message: kafkajs does not report it. */
const rememberingPartitioner: typeof Partitioners.DefaultPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  return (args) => {
    args.message.partition = choose(args);
    return args.message.partition;
  };
};
