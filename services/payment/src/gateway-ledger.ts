/**
 * The simulated gateway's book, in a database of its own that all replicas share: one row per key, written before the
 * gateway answers. What it says is what tests and the auditor count charges in.
 */
import type { Db } from 'mongodb';
import { createGroupCommit, duplicateKeyIndexes, openCollection, type StoredDocument } from '@order-pipeline/mongo';
import { GatewayOutageError } from './payment-gateway.ts';

export interface ChargeRow {
  /** `<order_id>:charge`. A void that comes first takes the key, so no later charge can. */
  readonly _id: string;
  readonly order_id: string;
  readonly kind: 'charge';
  readonly outcome: 'captured' | 'declined' | 'voided';
  readonly amount_minor: number;
  readonly currency?: string;
  readonly customer_id?: string;
  readonly reason?: string;
  readonly at: Date;
}

export interface RefundRow {
  /** `<order_id>:refund` */
  readonly _id: string;
  readonly order_id: string;
  readonly kind: 'refund';
  readonly amount_minor: number;
  readonly at: Date;
}

export interface GatewayLedger {
  /** Answers the row that stands under the key: this one, or the one that was there before. */
  record<Row extends ChargeRow | RefundRow>(row: Row): Promise<Row>;
}

const maxBatch = 500;
const maxWaiting = 10_000;

export function createGatewayLedger(db: Db): GatewayLedger {
  const collection = openCollection(db, 'ledger');
  const record = createGroupCommit<StoredDocument, StoredDocument>({
    async write(rows) {
      try {
        await collection.insertMany([...rows], { ordered: false });
        return rows;
      } catch (error) {
        const known = duplicateKeyIndexes(error).map((index) => rows[index]!._id);
        const standing = await collection.find({ _id: { $in: known } }).toArray();
        const byKey = new Map(standing.map((row) => [row._id, row]));
        if (known.some((key) => !byKey.has(key))) throw new GatewayOutageError('the ledger is not readable yet');
        return rows.map((row) => byKey.get(row._id) ?? row);
      }
    },
    maxBatch,
    maxWaiting,
    full: () => new GatewayOutageError('too many calls wait'),
  });
  return { record: (row) => record(row as unknown as StoredDocument) as never };
}
