/** A stock store in memory, for tests: as in the database, a commit writes all or nothing, if nothing that was read has changed. */
import type { Change, Versioned } from '@order-pipeline/mongo';
import type { Product, Reservation } from '../src/reservation.ts';
import type { StockStore, StockWrite } from '../src/stock-fold.ts';

export interface StockInMemory extends StockStore {
  readonly products: Map<string, Product>;
  readonly reservations: Map<string, Reservation>;
  readonly writes: StockWrite[];
  /** Runs before the next commit, as another replica might. */
  beforeCommit(interfere: () => Promise<void> | void): void;
  /** How often abandoned transactions were aborted. */
  readonly aborts: { count: number };
}

export function stockInMemory(products: readonly Omit<Product, 'version'>[]): StockInMemory {
  const stock = new Map(products.map((product) => [product._id, { ...product, version: 1 }]));
  const reservations = new Map<string, Reservation>();
  const interferences: (() => Promise<void> | void)[] = [];
  const writes: StockWrite[] = [];
  const aborts = { count: 0 };
  const pick = <Doc>(from: ReadonlyMap<string, Doc>, ids: readonly string[]): Map<string, Doc> =>
    new Map(ids.flatMap((id) => (from.has(id) ? [[id, from.get(id)!] as const] : [])));
  const isStale =
    <Doc extends Versioned>(stored: ReadonlyMap<string, Doc>) =>
    ({ after }: Change<Doc>): boolean =>
      (stored.get(after._id)?.version ?? 0) !== after.version;
  return {
    products: stock,
    reservations,
    writes,
    aborts,
    beforeCommit: (interfere) => void interferences.push(interfere),
    loadReservations: async (ids) => pick(reservations, ids),
    loadStock: async (ids) => pick(stock, ids),
    async commit(write) {
      await interferences.shift()?.();
      if (write.products.some(isStale(stock)) || write.reservations.some(isStale(reservations))) return false;
      for (const { after } of write.products) stock.set(after._id, { ...after, version: after.version + 1 });
      for (const { after } of write.reservations) reservations.set(after._id, { ...after, version: after.version + 1 });
      writes.push(write);
      return true;
    },
    abortAbandonedTransactions: async () => (aborts.count += 1),
  };
}
