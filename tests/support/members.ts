/** Members of consumer groups in the test's own process, and simple events for them. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect } from '@jest/globals';
import { deadLetterTopic, topics, type EventOf, type EventType, type TopicEntry } from '@order-pipeline/events';
import {
  createKafka,
  createMessagingMetrics,
  createPublisher,
  startConsumer,
  type ConsumerSettings,
  type GroupLagReader,
  type Handler,
  type MessagingMetrics,
  type Publisher,
  type RunningConsumer,
} from '@order-pipeline/kafka';
import { Registry } from '@order-pipeline/runtime';
import { quietLogger } from '@order-pipeline/resilience';
import type { TestKafka } from './engines.ts';
import { eventually } from './eventually.ts';
import { committedLag } from './kafka-reader.ts';

/** What the tests consume, and the outcome that their handlers return. */
export const inputTopic = 'order_cancelled';
export const outcomeTopic = 'shipment_processed';

/** A topic of the pipeline, with fewer partitions. */
const topic = (name: string, partitions: number): TopicEntry => ({
  name,
  partitions,
  config: topics.find((each) => each.name === name)?.config ?? {},
});

/** Topics of few partitions, and a dead-letter queue for each of the groups. */
export const topicsFor = (...groups: readonly string[]): TopicEntry[] => [
  topic(inputTopic, 6),
  topic(outcomeTopic, 3),
  ...groups.map((group): TopicEntry => ({
    name: deadLetterTopic(group),
    partitions: 1,
    config: { 'max.message.bytes': String(2 * 1024 * 1024) },
  })),
];

export const newInput = (order_id: string = randomUUID()): EventOf<'order_cancelled'> => ({
  type: inputTopic,
  data: { order_id, status: 'CANCELLING', timestamp: new Date().toISOString() },
});
export const newInputs = (count: number): EventOf<'order_cancelled'>[] =>
  Array.from({ length: count }, () => newInput());

/** The outcome that a handler returns for an input. */
export const outcomeOf = (order_id: string): EventOf<'shipment_processed'> => ({
  type: outcomeTopic,
  data: { order_id, status: 'CANCELLED', timestamp: '2025-01-01T00:00:00.000Z' },
});

export const orderIds = (events: readonly { readonly data: { readonly order_id: string } }[]): string[] =>
  events.map(({ data }) => data.order_id);

interface MemberOptions {
  readonly group: string;
  readonly handler: Handler;
  readonly topics?: readonly EventType[];
  readonly settings?: Partial<ConsumerSettings>;
  readonly lagReader?: GroupLagReader;
  /** Wraps the publisher of the outcomes. */
  readonly publisher?: (own: Publisher) => Pick<Publisher, 'send'>;
}

export interface Member extends RunningConsumer {
  readonly metrics: MessagingMetrics;
  readonly fatal: readonly Error[];
}

const sessionTimeoutMs = 6_000;

export interface Members {
  start(options: MemberOptions): Member;
  /** A publisher beside the members'. */
  readonly publisher: Publisher;
  /** Commits the end of the topic for the group, past the events of other tests. */
  skipToEnd(group: string): Promise<void>;
}

/** Starts members, and stops those that still run after a test. */
export function useMembers(kafka: TestKafka): Members {
  const running: { stop(): Promise<void> }[] = [];
  let own: Publisher | undefined;
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    await own?.stop();
    own = undefined;
  }, 30_000);

  const connect = () => createKafka({ brokers: [kafka.bootstrapServers], clientId: 'member' }, quietLogger);
  const start = ({ group, handler, topics = [inputTopic], ...options }: MemberOptions): Member => {
    const client = connect();
    const metrics = createMessagingMetrics(new Registry());
    const publisher = createPublisher(client, metrics);
    const fatal: Error[] = [];
    const consumer = startConsumer({
      kafka: client,
      consumerGroup: group,
      topics,
      handler,
      publisher: options.publisher?.(publisher) ?? publisher,
      logger: quietLogger,
      metrics,
      ...(options.lagReader && { lagReader: options.lagReader }),
      settings: { sessionTimeoutMs, ...options.settings },
      onFatal: (error) => void fatal.push(error),
    });
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopped ??= consumer.stop().then(() => publisher.stop()));
    running.push({ stop });
    return { stop, health: () => consumer.health(), isAlive: () => consumer.isAlive(), metrics, fatal };
  };
  return {
    start,
    get publisher() {
      return (own ??= createPublisher(connect(), createMessagingMetrics(new Registry())));
    },
    async skipToEnd(group) {
      const passing = start({ group, handler: async () => [] });
      await eventually(async () => expect(await committedLag(kafka.client, group, [inputTopic])).toBe(0));
      await passing.stop();
    },
  };
}
