/** One producer per process: publishes batches of records, acknowledged by all in-sync replicas, and says where each one landed. */
import { Partitioners, type Kafka, type Message, type Producer } from 'kafkajs';
import { encodeEvent, type PipelineEvent } from '@order-pipeline/events';
import type { MessageSpans, SentRecord } from '@order-pipeline/tracing';
import { kafkaOutage } from './kafka-outage.ts';
import type { MessagingMetrics } from './metrics.ts';
import type { OutgoingRecord, PublishedAt } from './record.ts';

export interface Publisher {
  /** Rejects with an OutageError when Kafka did not acknowledge all; some may have been written, and may be sent again. */
  send(records: readonly OutgoingRecord[]): Promise<PublishedAt[]>;
  publish(events: readonly PipelineEvent[]): Promise<PublishedAt[]>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What exceeds these is sent in several requests, because a broker refuses a batch over its topic's limit as a whole. */
const maxRecordsPerRequest = 1_000;
const maxBytesPerRequest = 512 * 1024;

/** The Java client's murmur2 partitioner, which also notes its choice on the message: kafkajs does not report it. */
const rememberingPartitioner: typeof Partitioners.DefaultPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  return (args) => {
    args.message.partition = choose(args);
    return args.message.partition;
  };
};

/** What tracing records of records that were acknowledged. */
export const sentRecords = (
  records: readonly OutgoingRecord[],
  places: readonly PublishedAt[],
  sinceMs: (index: number) => number,
): SentRecord[] =>
  records.map(({ topic, key, headers }, index) => ({
    topic,
    key: key?.toString(),
    traceparent: headers['traceparent']?.toString(),
    ...places[index]!,
    sinceMs: sinceMs(index),
  }));

const messageOf = ({ key, value, headers }: OutgoingRecord): Message => ({
  key,
  value,
  // kafkajs' type does not allow headers without a value.
  headers: headers as NonNullable<Message['headers']>,
});

export const createPublisher = (kafka: Kafka, metrics: MessagingMetrics, spans?: MessageSpans): Publisher =>
  new KafkaPublisher(kafka, metrics, spans);

class KafkaPublisher implements Publisher {
  readonly #producer: Producer;
  readonly #metrics: MessagingMetrics;
  readonly #spans: MessageSpans | undefined;
  #connected: Promise<void> | undefined;

  constructor(kafka: Kafka, metrics: MessagingMetrics, spans: MessageSpans | undefined) {
    this.#producer = kafka.producer({
      allowAutoTopicCreation: false,
      maxInFlightRequests: 5,
      createPartitioner: rememberingPartitioner,
    });
    this.#metrics = metrics;
    this.#spans = spans;
  }

  async publish(events: readonly PipelineEvent[]): Promise<PublishedAt[]> {
    const records = events.map(encodeEvent);
    const places = await this.send(records);
    // From when the fact stood in the outbox, however many attempts or restarts ago that was.
    this.#spans?.sent(sentRecords(records, places, (index) => Date.parse(events[index]!.data.timestamp)));
    return places;
  }

  async send(records: readonly OutgoingRecord[]): Promise<PublishedAt[]> {
    const places: PublishedAt[] = [];
    for (const request of requestsFor(records)) places.push(...(await this.#request(request)));
    for (const { topic } of records) this.#metrics.produced.inc({ topic });
    return places;
  }

  async #request(records: readonly OutgoingRecord[]): Promise<PublishedAt[]> {
    const messages = records.map(messageOf);
    const byTopic = Map.groupBy(messages, (_, index) => records[index]!.topic);
    try {
      await this.start();
      const acknowledged = await this.#producer.sendBatch({
        acks: -1,
        topicMessages: [...byTopic].map(([topic, ofTopic]) => ({ topic, messages: ofTopic })),
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
      throw kafkaOutage(error);
    }
  }

  /** A failed connect is forgotten, so that the next request connects again. */
  start(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw kafkaOutage(error);
    });
    return this.#connected;
  }

  stop(): Promise<void> {
    return this.#producer.disconnect();
  }
}

/** A record that exceeds the limit alone makes a request of its own. */
function requestsFor(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const requests: OutgoingRecord[][] = [];
  let request: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(record.value ?? '');
    if (request.length > 0 && (request.length === maxRecordsPerRequest || bytes + size > maxBytesPerRequest)) {
      requests.push(request);
      request = [];
      bytes = 0;
    }
    request.push(record);
    bytes += size;
  }
  if (request.length > 0) requests.push(request);
  return requests;
}
