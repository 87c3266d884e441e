/** The only way to kafkajs: client, consumer, publisher, dead letters, lag and topic readers. */
export { createKafka, type KafkaLogin, type KafkaTls } from './client.ts';
export { startConsumer } from './consumer/consumer.ts';
export { type ConsumerOptions, type ConsumerSettings, type RunningConsumer } from './consumer/consumer-options.ts';
export type { Handler } from './consumer/handler.ts';
export { deadLetterHeaders } from './dead-letters/dead-letter.ts';
export {
  deadLetterDetails,
  deadLetterSummary,
  readableBytes,
  type DeadLetterSummary,
} from './dead-letters/dead-letter-description.ts';
export {
  findDeadLetters,
  readResolutions,
  resolveDeadLetters,
  scanDeadLetters,
  type Resolutions,
} from './dead-letters/dead-letter-queue.ts';
export {
  deadLetterGroups,
  deadLetterId,
  parseDeadLetterId,
  planResolution,
  resolutionKey,
  subjectOf,
  type DeadLetterPlace,
  type Resolution,
  type ResolutionAction,
  type StoredDeadLetter,
} from './dead-letters/stored-dead-letter.ts';
export {
  createKafkajsCluster,
  type DescribedGroup,
  type KafkajsCluster,
  type KafkajsCoordinator,
  type OffsetsReply,
} from './kafkajs-internals.ts';
export { lingerMs } from './linger.ts';
export { createMessagingMetrics, type MessagingMetrics } from './metrics.ts';
export { withSimulatedWork } from './middleware/simulated-work.ts';
export { createPublisher, type Publisher } from './publisher.ts';
export { decodeAssignment, type Assignment } from './readers/assignment.ts';
export { createGroupLagReader, lagOfPartition, type GroupLagReader } from './readers/group-lag.ts';
export {
  createGroupObserver,
  type GroupObserver,
  type GroupState,
  type PartitionRange,
} from './readers/group-observer.ts';
export { createOnDemandAdmin, type OnDemandAdmin } from './readers/on-demand-admin.ts';
export {
  rangesOf,
  readRanges,
  type OffsetRange,
  type PartitionBatch,
  type TopicReader,
} from './readers/topic-reader.ts';
export type { OutgoingRecord, PublishedAt } from './record.ts';
export { ensureTopics } from './topics.ts';
