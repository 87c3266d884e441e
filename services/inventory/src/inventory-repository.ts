/** Stock and its ledger in inventory_db: `inventory` holds what is available, `updates` why. One transaction writes both. */
import { randomUUID } from 'node:crypto';
import type { ClientSession } from 'mongodb';
import type { PageRequest } from '@order-pipeline/http';
import { backoffMs, OutageError, wait, within } from '@order-pipeline/resilience';
import {
  abortAbandonedTransactions,
  createDocumentStore,
  duplicateKeyIndexes,
  findPage,
  openCollection,
  runTransaction,
  writeOf,
  type Change,
  type DocumentCollection,
  type DocumentStore,
  type Mongo,
  type StoredDocument,
} from '@order-pipeline/mongo';
import type { Product, Reservation } from './reservation.ts';
import type { StockStore, StockWrite } from './stock-fold.ts';

/** A row of `updates` that sets the stock, beside the reservations: the difference to what was available before. */
interface StockSet {
  readonly _id: string;
  readonly kind: 'set';
  readonly product_id: string;
  readonly delta: number;
  readonly quantity: number;
  readonly price_minor: number;
  readonly at: Date;
}

export type NewStock = Omit<Product, 'version'>;

const conflictBackoff = { firstMs: 5, maxMs: 50 };

const stockSet = ({ _id: product_id, quantity, price_minor }: NewStock, delta: number): StoredDocument & StockSet => ({
  _id: `set:${randomUUID()}`,
  kind: 'set',
  product_id,
  delta,
  quantity,
  price_minor,
  at: new Date(),
});

export class InventoryRepository implements StockStore {
  readonly #mongo: Mongo;
  readonly #products: DocumentCollection;
  readonly #updates: DocumentCollection;
  readonly #stock: DocumentStore<Product>;
  readonly #reservations: DocumentStore<Reservation>;

  constructor(mongo: Mongo) {
    this.#mongo = mongo;
    this.#products = openCollection(mongo.db, 'inventory');
    this.#updates = openCollection(mongo.db, 'updates');
    this.#stock = createDocumentStore<Product>(this.#products);
    this.#reservations = createDocumentStore<Reservation>(this.#updates);
  }

  loadReservations(orderIds: readonly string[]): Promise<Map<string, Reservation>> {
    return this.#reservations.load(orderIds);
  }

  loadStock(productIds: readonly string[]): Promise<Map<string, Product>> {
    return this.#stock.load(productIds);
  }

  /** The stock comes first: it is what replicas contend for, and the loser of a conflict has written nothing yet. */
  commit({ products, reservations }: StockWrite): Promise<boolean> {
    return runTransaction(
      this.#mongo,
      async (session) =>
        (await this.#changeStock(products, session)) && (await this.#saveReservations(reservations, session)),
    );
  }

  abortAbandonedTransactions(): Promise<number> {
    return abortAbandonedTransactions(this.#mongo);
  }

  /** Inserts the products that are absent, and records them in the ledger; those that exist stay as they are. */
  async seed(samples: readonly NewStock[]): Promise<void> {
    for (const sample of samples) {
      await runTransaction(this.#mongo, async (session) => {
        if (await this.#products.findOne({ _id: sample._id }, { session })) return false;
        await this.#products.insertOne({ ...sample, version: 1 }, { session });
        await this.#updates.insertOne(stockSet(sample, sample.quantity), { session });
        return true;
      });
    }
  }

  async find(productId: string): Promise<Product | undefined> {
    return (await this.#products.findOne<Product>({ _id: productId })) ?? undefined;
  }

  list(page: PageRequest): Promise<Product[]> {
    return findPage<Product>(this.#products, { ...page, order: 'ascending' });
  }

  /**
   * Sets what is available, and records the difference in the same transaction. Rejects with an OutageError when MongoDB
   * does not confirm it in time.
   */
  async set(product: NewStock, withinMs: number): Promise<NewStock> {
    const deadlineMs = performance.now() + withinMs;
    const tooLate = () => new OutageError('mongodb', `no confirmation within ${withinMs} ms`);
    const setThroughConflicts = async (): Promise<NewStock> => {
      for (let conflicts = 0; !(await this.#setOnce(product)); conflicts += 1) {
        if (performance.now() >= deadlineMs) throw tooLate();
        await wait(backoffMs(conflictBackoff, conflicts));
      }
      return product;
    };
    // Without a majority a commit waits for longer than the caller does.
    return within(withinMs, setThroughConflicts(), tooLate);
  }

  #setOnce(product: NewStock): Promise<boolean> {
    const { _id, quantity, price_minor } = product;
    return runTransaction(this.#mongo, async (session) => {
      const before = await this.#products.findOne<Product>({ _id }, { session });
      const update = { $set: { quantity, price_minor }, $inc: { version: 1 } };
      await this.#products.updateOne({ _id, ...(before ? { version: before.version } : {}) }, update, {
        upsert: true,
        session,
      });
      await this.#updates.insertOne(stockSet(product, quantity - (before?.quantity ?? 0)), { session });
      return true;
    });
  }

  async #changeStock(changes: readonly Change<Product>[], session: ClientSession): Promise<boolean> {
    if (changes.length === 0) return true;
    const { matchedCount } = await this.#products.bulkWrite(
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
  }

  async #saveReservations(changes: readonly Change<Reservation>[], session: ClientSession): Promise<boolean> {
    try {
      await this.#updates.bulkWrite(changes.map(writeOf), { ordered: true, session });
      return true;
    } catch (error) {
      // Another replica has written one of them; any other error is thrown.
      duplicateKeyIndexes(error);
      return false;
    }
  }
}
