/**
 * The simulated gateway's ledger, in a database of its own that all replicas share: one row per key, written before the
 * gateway responds. Tests and the auditor count charges in it.
 */
import type { Db } from 'mongodb';
import { createGroupCommit, insertOrFind, openCollection, uniqueById } from '@order-pipeline/mongo';
import { GatewayOutageError } from './payment-gateway.ts';

export interface ChargeRow {
  /** `<order_id>:charge`. A void that comes first takes the key, so that a later charge is refused. */
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

export type LedgerRow = ChargeRow | RefundRow;

export interface GatewayLedger {
  /** Returns the row that is stored under the key: this one, or an earlier one. */
  record<Row extends LedgerRow>(row: Row): Promise<Row>;
}

const maxBatch = 500;
const maxWaiting = 10_000;

export function createGatewayLedger(db: Db): GatewayLedger {
  const collection = openCollection(db, 'ledger');
  const record = createGroupCommit<LedgerRow, LedgerRow>({
    write: (rows) => insertOrFind(collection, rows, uniqueById),
    maxBatch,
    maxWaiting,
    full: () => new GatewayOutageError('too many calls wait'),
  });
  // A key names the kind of its row, so the stored row is of the same type.
  return { record: (row) => record(row) as Promise<never> };
}
