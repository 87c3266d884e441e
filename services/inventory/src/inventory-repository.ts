/** Stock and its ledger in inventory_db: `inventory` says what is on hand, `updates` why. One transaction writes both. */
import { randomUUID } from 'node:crypto';
import type { ClientSession } from 'mongodb';
import { backoffMs, OutageError, wait, within } from '@order-pipeline/resilience';
import {
  abortAbandonedTransactions,
  createDocumentStore,
  duplicateKeyIndexes,
  openCollection,
  runTransaction,
  writeOf,
  type Change,
  type DocumentStore,
  type Mongo,
  type StoredDocument,
} from '@order-pipeline/mongo';
import type { Product, Reservation } from './reservation.ts';
import type { StockStore } from './stock-fold.ts';

/** A row of `updates` that sets the stock, beside the reservations: what was added to (or taken from) what was there. */
export interface StockSet {
  readonly _id: string;
  readonly kind: 'set';
  readonly product_id: string;
  readonly delta: number;
  readonly quantity: number;
  readonly price_minor: number;
  readonly at: Date;
}

export interface InventoryRepository extends StockStore {
  /** Inserts the sample products that are absent, and books them; what is there stays as it is. */
  seed(products: readonly Omit<Product, 'version'>[]): Promise<void>;
  find(productId: string): Promise<Product | undefined>;
  list(page: { after?: string | undefined; limit: number }): Promise<Product[]>;
  /** Sets what is available, and books the difference in the same transaction. Rejects with an outage when it cannot in time. */
  set(product: { _id: string; quantity: number; price_minor: number }, withinMs: number): Promise<Product>;
}

const raceBackoff = { firstMs: 5, maxMs: 50 };

export function createInventoryRepository(mongo: Mongo): InventoryRepository {
  const { db } = mongo;
  const products = openCollection(db, 'inventory');
  const updates = openCollection(db, 'updates');
  const reservations: DocumentStore<Reservation> = createDocumentStore(updates);
  const stock: DocumentStore<Product> = createDocumentStore(products);

  const transaction = (work: (session: ClientSession) => Promise<boolean>): Promise<boolean> =>
    runTransaction(mongo, work);

  /** The stock comes first: it is what replicas contend for, and whoever loses has written nothing yet. */
  const bookStock = async (changes: readonly Change<Product>[], session: ClientSession): Promise<boolean> => {
    if (changes.length === 0) return true;
    const { matchedCount } = await products.bulkWrite(
      changes.map(({ before, after }) => {
        const delta = after.quantity - (before?.quantity ?? 0);
        return {
          updateOne: {
            filter: { _id: after._id, version: after.version, quantity: { $gte: -delta } },
            update: { $inc: { quantity: delta, version: 1 } },
          },
        };
      }),
      { ordered: false, session },
    );
    return matchedCount === changes.length;
  };

  const bookReservations = async (
    changes: readonly Change<Reservation>[],
    session: ClientSession,
  ): Promise<boolean> => {
    try {
      await updates.bulkWrite(changes.map(writeOf), { ordered: true, session });
      return true;
    } catch (error) {
      duplicateKeyIndexes(error);
      return false;
    }
  };

  const setOnce = async ({ _id, quantity, price_minor }: Omit<Product, 'version'>): Promise<boolean> =>
    transaction(async (session) => {
      const before = await products.findOne<Product>({ _id }, { session });
      const update = { $set: { quantity, price_minor }, $inc: { version: 1 } };
      await products.updateOne({ _id, ...(before ? { version: before.version } : {}) }, update, {
        upsert: true,
        session,
      });
      await updates.insertOne(
        booking({ product_id: _id, delta: quantity - (before?.quantity ?? 0), quantity, price_minor }),
        { session },
      );
      return true;
    });

  return {
    loadReservations: (orderIds) => reservations.load(orderIds),
    loadStock: (productIds) => stock.load(productIds),
    commit: (write) =>
      transaction(
        async (session) =>
          (await bookStock(write.products, session)) && (await bookReservations(write.reservations, session)),
      ),
    endAbandoned: () => abortAbandonedTransactions(mongo),
    async seed(samples) {
      for (const sample of samples) {
        await transaction(async (session) => {
          if (await products.findOne({ _id: sample._id }, { session })) return false;
          await products.insertOne({ ...sample, version: 1 }, { session });
          const { _id: product_id, quantity, price_minor } = sample;
          await updates.insertOne(booking({ product_id, delta: quantity, quantity, price_minor }), { session });
          return true;
        });
      }
    },
    async find(productId) {
      return (await products.findOne<Product>({ _id: productId })) ?? undefined;
    },
    list: ({ after, limit }) =>
      products.find<Product>(after === undefined ? {} : { _id: { $gt: after } }, { sort: { _id: 1 }, limit }).toArray(),
    async set(product, withinMs) {
      const deadlineMs = performance.now() + withinMs;
      const tooLate = (): Error => new OutageError('mongodb', new Error(`not confirmed within ${withinMs} ms`));
      const setInsisting = async (): Promise<Product> => {
        for (let race = 0; !(await setOnce(product)); race += 1) {
          if (performance.now() >= deadlineMs) throw tooLate();
          await wait(backoffMs(raceBackoff, race));
        }
        return { ...product, version: 0 };
      };
      // A majority that is away keeps a commit for longer than whoever asked has time.
      return within(withinMs, setInsisting(), tooLate);
    },
  };
}

const booking = (set: Pick<StockSet, 'product_id' | 'delta' | 'quantity' | 'price_minor'>): StoredDocument => ({
  _id: `set:${randomUUID()}`,
  kind: 'set',
  ...set,
  at: new Date(),
});
