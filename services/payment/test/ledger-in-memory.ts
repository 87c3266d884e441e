/** The gateway's ledger in memory, for tests and models: as in the database, the first row under a key stays. */
import type { GatewayLedger, LedgerRow } from '../src/gateway-ledger.ts';

export type { LedgerRow };

export const ledgerInMemory = (rows: Map<string, LedgerRow>): GatewayLedger => ({
  async record(row) {
    if (!rows.has(row._id)) rows.set(row._id, row);
    return rows.get(row._id) as typeof row;
  },
});
