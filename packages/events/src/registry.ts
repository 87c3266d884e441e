/**
 * The one list of services, topics and consumer groups. The local runner, the topic creation, the manifest tests and
 * the documentation read it; a fifth service is one more entry here.
 */
import type { EventType } from './schemas.ts';

export interface ServiceEntry {
  /** Folder under services/, and the name in `--replicas name=3`. */
  readonly name: string;
  /** Default HTTP port of the first replica. */
  readonly port: number;
  readonly consumerGroup: string;
  readonly database: string;
  readonly consumes: readonly EventType[];
  readonly produces: readonly EventType[];
}

/** The services that an order passes through. */
export const services = {
  order: {
    name: 'order',
    port: 8001,
    consumerGroup: 'order-service',
    database: 'order_db',
    consumes: ['payment_processed', 'inventory_updated', 'shipment_processed'],
    produces: ['order_placed', 'order_cancelled'],
  },
  payment: {
    name: 'payment',
    port: 8002,
    consumerGroup: 'payment-service',
    database: 'payment_db',
    consumes: ['order_placed', 'inventory_updated', 'shipment_processed'],
    produces: ['payment_processed'],
  },
  inventory: {
    name: 'inventory',
    port: 8003,
    consumerGroup: 'inventory-service',
    database: 'inventory_db',
    consumes: ['payment_processed', 'shipment_processed'],
    produces: ['inventory_updated'],
  },
  shipment: {
    name: 'shipment',
    port: 8004,
    consumerGroup: 'shipment-service',
    database: 'shipment_db',
    consumes: ['inventory_updated', 'order_cancelled'],
    produces: ['shipment_processed'],
  },
} as const satisfies Record<string, ServiceEntry>;

/** What watches them and takes no part in an order's way. */
export const watchers = {
  dashboard: {
    name: 'dashboard',
    port: 3000,
    consumerGroup: 'dashboard',
    database: 'dashboard_db',
    consumes: ['order_placed', 'order_cancelled', 'payment_processed', 'inventory_updated', 'shipment_processed'],
    produces: [],
  },
} as const satisfies Record<string, ServiceEntry>;

export const everyService = { ...services, ...watchers } as const;

export interface TopicEntry {
  readonly name: string;
  readonly partitions: number;
  /** Kafka topic configuration, as the broker spells it. */
  readonly config: Readonly<Record<string, string>>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Divisible by 2, 3, 4 and 6, so that any of those replica counts shares the work evenly. */
export const defaultPartitions = 12;

/** Events stay readable, and so redrivable and auditable, for 30 days. */
export const eventRetentionMs = 30 * dayMs;

/** The largest event; dead-letter topics take more, because the reason for the failure travels in added headers. */
export const maxEventBytes = 1024 * 1024;
const maxDeadLetterBytes = 2 * maxEventBytes;

export const deadLetterTopic = (consumerGroup: string): string => `${consumerGroup}.dlq`;
export const deadLetterResolvedTopic = (consumerGroup: string): string => `${consumerGroup}.dlq.resolved`;

const eventTopic = (name: string): TopicEntry => ({
  name,
  partitions: defaultPartitions,
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

/** Every topic of the pipeline: one per event type, and a dead-letter queue with its record of resolutions per group. */
export const topics: readonly TopicEntry[] = [
  ...[...new Set(entries.flatMap((service) => service.produces))].map(eventTopic),
  ...entries
    .filter((service) => service.consumes.length > 0)
    .flatMap((service) => deadLetterTopics(service.consumerGroup)),
];
