import type { Kafka } from 'kafkajs';
import type { EventType } from '@order-pipeline/events';
import type { Logger } from '@order-pipeline/resilience';
import type { MessageSpans } from '@order-pipeline/tracing';
import type { MessagingMetrics } from '../metrics.ts';
import type { Publisher } from '../publisher.ts';
import type { GroupLagReader } from '../readers/group-lag.ts';
import type { ConsumerHealth } from './consumer-health.ts';
import type { Handler } from './handler.ts';

export interface ConsumerSettings {
  readonly sessionTimeoutMs: number;
  /** Most events in one batch. */
  readonly maxBatchSize: number;
  /** Attempts of an event that fails alone, before it is dead-lettered. */
  readonly maxAttempts: number;
  /** Between two reads of the group's lag. */
  readonly lagEveryMs: number;
}

export const defaultConsumerSettings: ConsumerSettings = {
  sessionTimeoutMs: 10_000,
  maxBatchSize: 1_000,
  maxAttempts: 3,
  lagEveryMs: 10_000,
};

export interface ConsumerOptions {
  readonly kafka: Kafka;
  readonly consumerGroup: string;
  readonly topics: readonly EventType[];
  readonly handler: Handler;
  readonly publisher: Pick<Publisher, 'send'>;
  readonly logger: Logger;
  readonly metrics: MessagingMetrics;
  /** The caller stops it; without it the lag is known from committed batches alone. */
  readonly lagReader?: GroupLagReader;
  readonly spans?: MessageSpans | undefined;
  readonly settings?: Partial<ConsumerSettings>;
  /** Called once when the consumer cannot go on; the process should drain and exit. */
  readonly onFatal: (error: Error) => void;
}

export interface RunningConsumer {
  /** Finishes the batch in flight, commits, leaves the group. */
  stop(): Promise<void>;
  health(): ConsumerHealth;
  /** False when nothing has moved for so long, fetches and heartbeats included, that only a restart can help. */
  isAlive(): boolean;
}
