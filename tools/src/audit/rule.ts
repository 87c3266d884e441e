/** What a rule of the auditor is, and what it can read. */
import type { StoredDeadLetter } from '@order-pipeline/kafka';
import type { Databases, Documents } from '../databases.ts';
import type { EventRecord, Items, SourceName } from './items.ts';
import type { PublishedFacts } from './published-facts.ts';

/** A possible violation. It counts when the item still violates the rule a while later. */
export interface Candidate<Item> {
  readonly item: Item;
  /** The order, or the product. */
  readonly subject: string;
  /** What is wrong with it. */
  readonly detail: string;
}

/** Checks the pages of one source, with a bounded number of queries per page. */
export type Check = {
  [Source in SourceName]: {
    readonly over: Source;
    readonly check: (page: readonly Items[Source][], context: AuditContext) => Promise<Candidate<Items[Source]>[]>;
  };
}[SourceName];

export interface Rule {
  readonly id: string;
  /** What holds where the rule is not violated. */
  readonly sentence: string;
  readonly checks: readonly Check[];
}

export interface AuditContext {
  readonly databases: Databases;
  /** Whether the moment was before the age limit when the audit began; what is younger may be in flight. */
  isOld(moment: Date | string): boolean;
  /** The events that the topics contain. */
  readonly published: PublishedFacts;
  isDeadLettered(group: string, record: Pick<EventRecord, 'topic' | 'partition' | 'offset'>): boolean;
  /** Whether the dead letter was redriven or discarded. */
  isResolved(deadLetter: StoredDeadLetter): boolean;
}

/** The documents with these ids, with the named fields. */
export async function findById<T extends { readonly _id: string }>(
  collection: Documents,
  ids: readonly string[],
  fields: readonly string[],
): Promise<Map<string, T>> {
  if (ids.length === 0) return new Map();
  const projection = Object.fromEntries(fields.map((field) => [field, 1]));
  const found = await collection.find({ _id: { $in: [...new Set(ids)] } }, { projection }).toArray();
  return new Map(found.map((document) => [document._id, document as unknown as T]));
}
