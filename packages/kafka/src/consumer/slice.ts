/** Consecutive records of one partition, as kafkajs delivered them. */
import type { EachBatchPayload, KafkaMessage, TopicOffsets } from 'kafkajs';
import { consumedRecord, type ConsumedRecord } from '../record.ts';

export interface Slice {
  readonly payload: EachBatchPayload;
  /** At least one. */
  readonly messages: readonly KafkaMessage[];
}

export const sizeOf = ({ messages }: Slice): number => messages.length;

export const recordsOf = (slices: readonly Slice[]): ConsumedRecord[] =>
  slices.flatMap(({ payload: { batch }, messages }) =>
    messages.map((message) => consumedRecord(batch.topic, batch.partition, message)),
  );

/** The offsets to commit when the slices are processed: of each partition the one after the last record. */
export function nextOffsets(slices: readonly Slice[]): TopicOffsets[] {
  const byTopic = Map.groupBy(slices, ({ payload }) => payload.batch.topic);
  return [...byTopic].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ payload, messages }) => ({
      partition: payload.batch.partition,
      offset: (BigInt(messages.at(-1)!.offset) + 1n).toString(),
    })),
  }));
}
