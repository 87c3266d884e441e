/**
 * The event topics from their beginning to what they hold when the audit begins. What a group has not committed is left
 * out for it: it is on its way, however long that takes, and an order that waits too long is another rule's.
 */
import type { KafkaMessage } from 'kafkajs';
import {
  decodeEvent,
  eventId,
  eventTypes,
  factOf,
  isInvalidEvent,
  services,
  type ServiceEntry,
} from '@order-pipeline/events';
import { rangesOf, readRanges, type OffsetRange } from '@order-pipeline/kafka';
import type { KafkaConnection } from '../connections.ts';
import { pageSize } from './mongo-source.ts';
import { PublishedFacts } from './published-facts.ts';
import type { Source } from './source.ts';

export interface ReadEvent {
  readonly orderId: string;
  /** `<type>:<status>` */
  readonly fact: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Groups that have committed an offset past it, and so have worked it off. */
  readonly workedOffBy: readonly string[];
}

export interface EventSource extends Source<ReadEvent> {
  readonly published: PublishedFacts;
  /** Reads what has come since, so that what was published meanwhile is not missed. */
  catchUp(): Promise<void>;
}

const consumers: readonly ServiceEntry[] = Object.values(services);

export async function eventSource(connection: KafkaConnection, signal: AbortSignal): Promise<EventSource> {
  // Before any look-up: an effect is durable before its offset is committed.
  const committed = await committedOffsets(connection);
  let ranges = await rangesOf(connection, eventTypes);
  const total = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);
  const published = new PublishedFacts(total);
  noteBeginnings(ranges, published);
  await noteRetention(connection, ranges, published);

  const note = ({ topic, partition }: Pick<OffsetRange, 'topic' | 'partition'>, message: KafkaMessage): ReadEvent[] => {
    const event = decoded(topic, message);
    if (!event) return [];
    published.add(eventId(event));
    const workedOffBy = consumers
      .filter(({ consumes }) => consumes.some((type) => type === topic))
      .map(({ consumerGroup }) => consumerGroup)
      .filter((group) => BigInt(message.offset) < (committed.get(`${group}/${topic}/${partition}`) ?? -1n));
    const { offset } = message;
    return [{ orderId: event.data.order_id, fact: factOf(event), topic, partition, offset, workedOffBy }];
  };

  return {
    name: 'events',
    published,
    total: async () => total,
    async scan(onPage) {
      const begun = new Set<string>();
      await readRanges(connection, ranges, async ({ topic, partition, messages }) => {
        signal.throwIfAborted();
        const [first] = messages;
        const range = ranges.find((each) => each.topic === topic && each.partition === partition);
        if (first && range && range.from > 0n && !begun.has(`${topic}/${partition}`)) {
          published.noteRetention(topic, Number(first.timestamp));
        }
        begun.add(`${topic}/${partition}`);
        for (let start = 0; start < messages.length; start += pageSize) {
          const events = messages
            .slice(start, start + pageSize)
            .flatMap((message) => note({ topic, partition }, message));
          if (events.length > 0) await onPage(events);
        }
      });
    },
    reload: async (events) => events,
    async catchUp() {
      const now = await rangesOf(connection, eventTypes);
      noteBeginnings(now, published);
      const readUpTo = new Map(ranges.map(({ topic, partition, to }) => [`${topic}/${partition}`, to]));
      const since = now.map((range) => ({
        ...range,
        from: readUpTo.get(`${range.topic}/${range.partition}`) ?? range.from,
      }));
      await readRanges(connection, since, async ({ topic, partition, messages }) => {
        for (const message of messages) note({ topic, partition }, message);
      });
      ranges = now;
    },
  };
}

/** What is no event is dead-lettered by whoever takes it, and so the business of another rule. */
function decoded(topic: string, { value }: KafkaMessage): ReturnType<typeof decodeEvent> | undefined {
  try {
    return decodeEvent(topic, value);
  } catch (error) {
    if (isInvalidEvent(error)) return undefined;
    throw error;
  }
}

async function committedOffsets({ admin }: KafkaConnection): Promise<Map<string, bigint>> {
  const offsets = new Map<string, bigint>();
  for (const { consumerGroup, consumes } of consumers) {
    if (consumes.length === 0) continue;
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId: consumerGroup, topics: [...consumes] })) {
      for (const { partition, offset } of partitions)
        offsets.set(`${consumerGroup}/${topic}/${partition}`, BigInt(offset));
    }
  }
  return offsets;
}

function noteBeginnings(ranges: readonly OffsetRange[], published: PublishedFacts): void {
  for (const { topic, partition, from } of ranges) published.noteBeginning(topic, partition, from);
}

/** A partition that was emptied by its topic's retention says nothing of when; its topic's setting does. */
async function noteRetention(
  { admin }: KafkaConnection,
  ranges: readonly OffsetRange[],
  published: PublishedFacts,
): Promise<void> {
  const emptied = new Set(ranges.filter(({ from, to }) => from > 0n && from === to).map(({ topic }) => topic));
  if (emptied.size === 0) return;
  const topicResource = 2;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [...emptied].map((name) => ({ type: topicResource, name, configNames: ['retention.ms'] })),
  });
  for (const { resourceName, configEntries } of resources) {
    const retentionMs = Number(configEntries[0]?.configValue ?? -1);
    published.noteRetention(resourceName, retentionMs < 0 ? Date.now() : Date.now() - retentionMs);
  }
}
