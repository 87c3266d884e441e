/** What the auditor checks, source by source: each item with the fields that the rules read. */
import type { StoredDeadLetter } from '@order-pipeline/kafka';
import type { LedgerEntry, Order, Payment, Reservation, Shipment } from '../documents.ts';

export interface EventRecord {
  readonly orderId: string;
  /** `<type>:<status>` */
  readonly fact: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Groups that have committed an offset past it. */
  readonly processedBy: readonly string[];
}

export interface ProductStock {
  readonly _id: string;
  /** Null where the product is not in the inventory. */
  readonly on_hand: number | null;
  /** What was set, less what was reserved, plus what was released. */
  readonly expected: number;
}

export interface Items {
  readonly events: EventRecord;
  readonly deadLetters: StoredDeadLetter;
  readonly orders: Order;
  readonly payments: Payment;
  readonly ledger: LedgerEntry;
  readonly updates: Reservation;
  readonly shipments: Shipment;
  readonly products: ProductStock;
}
export type SourceName = keyof Items;
