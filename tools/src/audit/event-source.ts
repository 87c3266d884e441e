/**
 * The event topics from their beginning to what they contain when the audit begins. An event counts as processed by a
 * group only up to the group's committed offset: what is not committed may be in flight, however long that takes, and an
 * order that waits too long violates another rule.
 */
import {
  decodeEvent,
  eventId,
  eventTypes,
  factOf,
  isInvalidEvent,
  services,
  type ServiceEntry,
} from '@order-pipeline/events';
import {
  createGroupObserver,
  rangesOf,
  readRanges,
  type OffsetRange,
  type PartitionBatch,
} from '@order-pipeline/kafka';
import type { KafkaConnection } from '../kafka-connection.ts';
import type { EventRecord } from './items.ts';
import { PublishedFacts } from './published-facts.ts';
import { pageSize, type Source } from './source.ts';

type Message = PartitionBatch['messages'][number];
type Partition = Pick<OffsetRange, 'topic' | 'partition'>;
/** The next offset by group, topic and partition. */
type CommittedOffsets = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<number, bigint>>>;

const consumers = Object.values<ServiceEntry>(services).filter(({ consumes }) => consumes.length > 0);

interface EventSourceState {
  readonly committed: CommittedOffsets;
  readonly ranges: readonly OffsetRange[];
  readonly signal: AbortSignal;
}

class EventSource implements Source<EventRecord> {
  readonly name = 'events';
  readonly published: PublishedFacts;
  readonly #connection: KafkaConnection;
  readonly #committed: CommittedOffsets;
  readonly #signal: AbortSignal;
  readonly #total: number;
  #ranges: readonly OffsetRange[];

  constructor(connection: KafkaConnection, { committed, ranges, signal }: EventSourceState) {
    this.#connection = connection;
    this.#committed = committed;
    this.#signal = signal;
    this.#ranges = ranges;
    this.#total = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);
    this.published = new PublishedFacts(this.#total);
    this.#setFirstOffsets(ranges);
  }

  async total(): Promise<number> {
    return this.#total;
  }

  async scan(onPage: (page: readonly EventRecord[]) => Promise<void>): Promise<void> {
    const truncated = new Set(this.#ranges.filter(({ from }) => from > 0n).map(nameOf));
    await readRanges(this.#connection, this.#ranges, async (batch) => {
      this.#signal.throwIfAborted();
      // The time of the first record that retention has left in a partition.
      if (truncated.delete(nameOf(batch))) {
        this.published.setRetainedSince(batch.topic, Number(batch.messages[0]!.timestamp));
      }
      for (let start = 0; start < batch.messages.length; start += pageSize) {
        const page = batch.messages.slice(start, start + pageSize).flatMap((message) => this.#read(batch, message));
        if (page.length > 0) await onPage(page);
      }
    });
  }

  async reload(events: readonly EventRecord[]): Promise<readonly EventRecord[]> {
    return events;
  }

  /** Reads the events that were published since the last read. */
  async catchUp(): Promise<void> {
    const now = await rangesOf(this.#connection, eventTypes);
    this.#setFirstOffsets(now);
    const readUpTo = new Map(this.#ranges.map((range) => [nameOf(range), range.to]));
    const since = now.map((range) => ({ ...range, from: readUpTo.get(nameOf(range)) ?? range.from }));
    await readRanges(this.#connection, since, async (batch) => {
      for (const message of batch.messages) this.#read(batch, message);
    });
    this.#ranges = now;
  }

  /** None for a record that is not an event: consumers dead-letter it, and another rule checks dead letters. */
  #read({ topic, partition }: Partition, message: Message): EventRecord[] {
    const event = decode(topic, message);
    if (!event) return [];
    this.published.add(eventId(event));
    const { offset } = message;
    const processedBy = consumers
      .filter(({ consumes }) => consumes.some((type) => type === topic))
      .map(({ consumerGroup }) => consumerGroup)
      .filter((group) => BigInt(offset) < (this.#committed.get(group)?.get(topic)?.get(partition) ?? -1n));
    return [{ orderId: event.data.order_id, fact: factOf(event), topic, partition, offset, processedBy }];
  }

  #setFirstOffsets(ranges: readonly OffsetRange[]): void {
    for (const { topic, partition, from } of ranges) this.published.setFirstOffset(topic, partition, from);
  }
}

export async function openEventSource(connection: KafkaConnection, signal: AbortSignal): Promise<EventSource> {
  // Before any document is read: an effect is durable before its offset is committed.
  const committed = await committedOffsets(connection);
  const ranges = await rangesOf(connection, eventTypes);
  const source = new EventSource(connection, { committed, ranges, signal });
  await setRetention(connection, ranges, source.published);
  return source;
}

function nameOf({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}

function decode(topic: string, { value }: Message): ReturnType<typeof decodeEvent> | undefined {
  try {
    return decodeEvent(topic, value);
  } catch (error) {
    if (isInvalidEvent(error)) return undefined;
    throw error;
  }
}

async function committedOffsets({ kafka }: KafkaConnection): Promise<CommittedOffsets> {
  const observer = createGroupObserver(kafka);
  try {
    const offsets = consumers.map(
      async ({ consumerGroup, consumes }) =>
        [consumerGroup, await observer.committed(consumerGroup, consumes)] as const,
    );
    return new Map(await Promise.all(offsets));
  } finally {
    await observer.stop();
  }
}

/** A partition that retention has emptied does not show since when; the setting of its topic does. */
async function setRetention(
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
    published.setRetainedSince(resourceName, retentionMs < 0 ? Date.now() : Date.now() - retentionMs);
  }
}
