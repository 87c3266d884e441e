/** Every topic of the pipeline, derived from the registry. */
import { everyService, type ServiceEntry } from './registry.ts';

export interface TopicEntry {
  readonly name: string;
  readonly partitions: number;
  /** Kafka topic configuration, as the broker spells it. */
  readonly config: Readonly<Record<string, string>>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Divisible by 2, 3, 4 and 6, so that any of those replica counts shares the partitions evenly. */
export const defaultPartitions = 12;

/** Events stay readable, and so redrivable and auditable, for 30 days. */
export const eventRetentionMs = 30 * dayMs;

/** The largest event; dead-letter topics take more, because the reason for the failure travels in added headers. */
export const maxEventBytes = 1024 * 1024;
const maxDeadLetterBytes = 2 * maxEventBytes;

export const deadLetterTopic = (consumerGroup: string): string => `${consumerGroup}.dlq`;
export const deadLetterResolvedTopic = (consumerGroup: string): string => `${consumerGroup}.dlq.resolved`;

const eventTopic = (name: string, partitions: number): TopicEntry => ({
  name,
  partitions,
  config: {
    'retention.ms': String(eventRetentionMs),
    'max.message.bytes': String(maxEventBytes),
    // The broker undoes what a producer compressed: kafkajs reads gzip only, and the limit is to hold for what is read.
    'compression.type': 'uncompressed',
  },
});

const deadLetterTopics = (consumerGroup: string): TopicEntry[] => [
  {
    name: deadLetterTopic(consumerGroup),
    partitions: 1,
    config: { 'retention.ms': '-1', 'max.message.bytes': String(maxDeadLetterBytes) },
  },
  {
    name: deadLetterResolvedTopic(consumerGroup),
    partitions: 1,
    config: { 'cleanup.policy': 'compact' },
  },
];

const entries: readonly ServiceEntry[] = Object.values(everyService);

const eventTopics = entries.flatMap(({ produces, partitions }) =>
  produces.map((type) => eventTopic(type, partitions?.[type] ?? defaultPartitions)),
);

/** One topic per event type, and per group a dead-letter queue with its record of resolutions. */
export const topics: readonly TopicEntry[] = [
  ...eventTopics,
  ...entries
    .filter(({ consumes }) => consumes.length > 0)
    .flatMap(({ consumerGroup }) => deadLetterTopics(consumerGroup)),
];

/** Of the topic of an event. */
export const partitionsOf = (type: string): number =>
  eventTopics.find(({ name }) => name === type)?.partitions ?? defaultPartitions;
