export { startConsumer, defaultConsumerSettings } from './consumer.ts';
export type { ConsumerHealth, ConsumerOptions, ConsumerSettings, RunningConsumer } from './consumer.ts';
export type { Handler, ReceivedEvent } from './chunk-processor.ts';
export { deadLetterHeaders, type DeadLetterKind } from './dead-letter.ts';
export { createKafka, ensureTopics, type KafkaSettings, type Logger } from './kafka.ts';
export { createMessagingMetrics, type MessagingMetrics } from './metrics.ts';
export { backoffMs, isOutage, OutageError, wait, type Backoff } from './outage.ts';
export { createPublisher, type OutgoingRecord, type PublishedAt, type Publisher } from './publisher.ts';
export { withSimulatedWork, type SimulatedWork } from './simulated-work.ts';
