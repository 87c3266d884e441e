export { startConsumer, defaultConsumerSettings } from './consumer.ts';
export type { ConsumerHealth, ConsumerOptions, ConsumerSettings, RunningConsumer } from './consumer.ts';
export type { Handler, ReceivedEvent } from './chunk-processor.ts';
export { deadLetterHeaders, type DeadLetterKind } from './dead-letter.ts';
export { createGroupLagReader, type GroupLagReader } from './group-lag.ts';
export {
  createGroupObserver,
  type GroupMember,
  type GroupObserver,
  type GroupState,
  type PartitionRange,
} from './group-observer.ts';
export { createKafka, ensureTopics, type KafkaLogin, type KafkaSettings, type KafkaTls, type Logger } from './kafka.ts';
export { createMessagingMetrics, type MessagingMetrics } from './metrics.ts';
export { backoffMs, isOutage, OutageError, wait, type Backoff } from './outage.ts';
export { createPublisher, type OutgoingRecord, type PublishedAt, type Publisher } from './publisher.ts';
export { withSimulatedWork, type SimulatedWork } from './simulated-work.ts';
