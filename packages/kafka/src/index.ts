export { startConsumer, defaultConsumerSettings } from './consumer.ts';
export type { ConsumerHealth, ConsumerOptions, ConsumerSettings, RunningConsumer } from './consumer.ts';
export type { Handler } from './chunk-processor.ts';
export { deadLetterHeaders, type DeadLetterKind } from './dead-letter.ts';
export {
  deadLetterDetails,
  deadLetterSummary,
  readableBytes,
  type DeadLetterSummary,
  type ReadableBytes,
} from './dead-letter-description.ts';
export {
  findDeadLetters,
  readResolutions,
  resolveDeadLetters,
  scanDeadLetters,
  type OnDeadLetters,
  type Resolutions,
} from './dead-letter-queue.ts';
export { createGroupLagReader, type GroupLagReader } from './group-lag.ts';
export {
  createGroupObserver,
  type GroupMember,
  type GroupObserver,
  type GroupState,
  type PartitionRange,
} from './group-observer.ts';
export { createKafka, ensureTopics, type KafkaLogin, type KafkaSettings, type KafkaTls } from './kafka.ts';
export { createMessagingMetrics, type MessagingMetrics } from './metrics.ts';
export { createOnDemandAdmin, type OnDemandAdmin } from './on-demand-admin.ts';
export { createPublisher, type OutgoingRecord, type PublishedAt, type Publisher } from './publisher.ts';
export { lingerMs } from './linger.ts';
export { withSimulatedWork, type SimulatedWork } from './simulated-work.ts';
export {
  deadLetterGroups,
  deadLetterId,
  originalRecord,
  parseDeadLetterId,
  planResolution,
  readDeadLetter,
  resolutionKey,
  subjectOf,
  type DeadLetterPlace,
  type Resolution,
  type ResolutionAction,
  type StoredDeadLetter,
} from './stored-dead-letter.ts';
export {
  rangesOf,
  readRanges,
  TopicReadError,
  type Batch,
  type OffsetRange,
  type OnBatch,
  type TopicReader,
} from './topic-reader.ts';
