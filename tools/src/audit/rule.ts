/** What a rule of the auditor is, and what it may look at. */
import type { KafkaConnection } from '../connections.ts';
import type {
  ChargeRow,
  Databases,
  Documents,
  Payment,
  RefundRow,
  Reservation,
  StockSet,
  StoredOrder,
  StoredShipment,
} from '../databases.ts';
import type { StoredDeadLetter } from '@order-pipeline/kafka';
import type { PublishedFacts } from './published-facts.ts';
import type { ReadEvent } from './event-source.ts';
import type { BookedProduct } from './stock-source.ts';

/** What is gone through page by page, each item with the fields that the rules read. */
export interface Items {
  readonly events: ReadEvent;
  readonly letters: StoredDeadLetter;
  readonly orders: StoredOrder;
  readonly payments: Payment;
  readonly ledger: ChargeRow | RefundRow;
  readonly updates: Reservation | StockSet;
  readonly shipments: StoredShipment;
  readonly products: BookedProduct;
}
export type SourceName = keyof Items;

/** An item that looks wrong. It counts when it still looks wrong a while later. */
export interface Suspect<Item> {
  readonly item: Item;
  /** The order, or the product. */
  readonly subject: string;
  /** What is wrong with it. */
  readonly detail: string;
}

/** Goes through one source; does no more than a bounded number of look-ups per page. */
export type Check = {
  [Source in SourceName]: {
    readonly over: Source;
    readonly check: (page: readonly Items[Source][], look: Look) => Promise<Suspect<Items[Source]>[]>;
  };
}[SourceName];

export interface Rule {
  readonly id: string;
  /** What holds. */
  readonly sentence: string;
  readonly checks: readonly Check[];
}

export interface Look {
  readonly databases: Databases;
  readonly kafka: KafkaConnection;
  /** Whether the moment was longer ago than the bound when the audit began; what is younger may be in flight. */
  isOld(moment: Date | string): boolean;
  /** The events that the topics hold. */
  readonly published: PublishedFacts;
  /** Whether the group dead-lettered that record. */
  isDeadLettered(group: string, record: { topic: string; partition: number; offset: string }): boolean;
  /** Whether something was done about the dead letter. */
  isResolved(letter: StoredDeadLetter): boolean;
}

/** Answers the documents under these ids, with the named fields. */
export async function lookUp<T extends { readonly _id: string }>(
  collection: Documents,
  ids: readonly string[],
  fields: readonly string[],
): Promise<Map<string, T>> {
  if (ids.length === 0) return new Map();
  const projection = Object.fromEntries(fields.map((field) => [field, 1]));
  const found = await collection.find({ _id: { $in: [...new Set(ids)] } }, { projection }).toArray();
  return new Map(found.map((document) => [document._id, document as unknown as T]));
}
