/** The records that a consumer processes together, and what became of them. */
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import type { ConsumedRecord, OutgoingRecord, PublishedAt } from '../record.ts';

interface Batch {
  /** Of any partitions, each partition's in offset order. */
  readonly records: readonly ConsumedRecord[];
  /** Aborted when the batch has to be left to the next owner of its partitions. */
  readonly signal: AbortSignal;
}

/** Acknowledged records, and where each one landed. */
export interface PublishedRecords {
  readonly records: readonly OutgoingRecord[];
  readonly places: readonly PublishedAt[];
  /** Milliseconds since the epoch when they were first sent. */
  readonly sinceMs: number;
}

export interface ProcessedBatch {
  /** The outcomes, and a record for each dead letter. */
  readonly published: PublishedRecords;
  readonly deadLetters: readonly DeadLetter[];
}

/** When it resolves, every effect of the batch is durable, and every outcome and dead letter is acknowledged. */
export type ProcessBatch = (batch: Batch) => Promise<ProcessedBatch>;
