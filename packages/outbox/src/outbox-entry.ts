import { factOf, type PipelineEvent } from '@order-pipeline/events';
import type { PublishedAt } from '@order-pipeline/kafka';

export interface OutboxEntry {
  /** `<type>:<status>`, by which the relay removes the entry. */
  readonly fact: string;
  readonly at: Date;
  readonly event: PipelineEvent;
}

/** A document that holds its unpublished events. */
export interface WithOutbox {
  readonly _id: string;
  readonly outbox?: readonly OutboxEntry[];
  /** Partition and offset of the events of this document that are published, by fact. */
  readonly published?: Readonly<Record<string, PublishedAt>>;
}

export const outboxEntry = (event: PipelineEvent, at: Date): OutboxEntry => ({ fact: factOf(event), at, event });
