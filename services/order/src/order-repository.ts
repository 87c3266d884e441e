/** Orders in order_db: inserted by group commit, read with a majority, written on condition of what was read. */
import type { Db, Document } from 'mongodb';
import type { PipelineEvent } from '@order-pipeline/events';
import { openStates, type OrderState } from '@order-pipeline/events/order-lifecycle';
import type { PageRequest } from '@order-pipeline/http';
import { OutageError, within } from '@order-pipeline/resilience';
import {
  createDocumentStore,
  createGroupCommit,
  findPage,
  insertOrFind,
  openCollection,
  type DocumentCollection,
  type DocumentStore,
  type GroupCommit,
  type UniqueKeys,
} from '@order-pipeline/mongo';
import { outboxEntry, type WithOutbox } from '@order-pipeline/outbox';
import type { Order, OrderWithEvent } from './order.ts';
import { retryUntilDeadline } from './retry-until-deadline.ts';

export type StoredOrder = Order & WithOutbox;

/** An order without the events of its outbox: only which facts wait there to be published. */
export type OrderWithoutEvents = Order & { readonly outbox?: readonly { readonly fact: string }[] };

export interface OrderFilter {
  readonly status?: OrderState | undefined;
  /** Only open orders whose state has not changed since. */
  readonly unchangedSince?: Date | undefined;
}

interface NewOrder {
  readonly document: StoredOrder;
  readonly deadlineMs: number;
}

const maxBatch = 500;
const maxWaiting = 10_000;
const retryBackoff = { firstMs: 20, maxMs: 500 };

/** In the form of the partial index, so that the query uses it. */
const openAndUnchangedSince = (since: Date) => ({ status: { $in: openStates }, updated_at: { $lt: since } });

const byIdOrIdempotencyKey: UniqueKeys<StoredOrder> = {
  holdersOf(refused) {
    const keys = refused.flatMap(({ idempotency_key: key }) => (key === undefined ? [] : [key]));
    return { $or: [{ _id: { $in: refused.map(({ _id }) => _id) } }, { idempotency_key: { $in: keys } }] };
  },
  isHolder: (stored, { _id, idempotency_key: key }) =>
    stored._id === _id || (key !== undefined && stored.idempotency_key === key),
};

export class OrderRepository {
  readonly collection: DocumentCollection;
  readonly store: DocumentStore<Order>;
  readonly #acceptWithinMs: number;
  readonly #commit: GroupCommit<NewOrder, StoredOrder | undefined>;

  constructor(db: Db, { acceptWithinMs }: { readonly acceptWithinMs: number }) {
    const collection = openCollection(db, 'orders');
    this.collection = collection;
    this.store = createDocumentStore<Order>(collection);
    this.#acceptWithinMs = acceptWithinMs;
    const insert = (orders: readonly NewOrder[]): Promise<StoredOrder[]> =>
      insertOrFind(
        collection,
        orders.map(({ document }) => document),
        byIdOrIdempotencyKey,
      );
    this.#commit = createGroupCommit({
      write: (orders) => retryUntilDeadline(orders, insert, retryBackoff),
      maxBatch,
      maxWaiting,
      full: () => new OutageError('mongodb', 'too many orders wait to be written'),
    });
  }

  async createIndexes(): Promise<void> {
    await this.collection.createIndexes([
      {
        key: { idempotency_key: 1 },
        name: 'idempotency_key',
        unique: true,
        partialFilterExpression: { idempotency_key: { $exists: true } },
      },
      {
        key: { updated_at: 1 },
        name: 'open_by_last_move',
        partialFilterExpression: { status: { $in: openStates } },
      },
    ]);
  }

  /**
   * Stores an order and its event in one write, shared with the orders that arrive meanwhile. Returns the order that is
   * stored: an earlier one when the idempotency key was used before. Rejects with an OutageError when MongoDB does not
   * confirm it in time; the order may exist all the same.
   */
  async accept({ order, event }: OrderWithEvent<'order_placed'>): Promise<StoredOrder> {
    const document = { ...order, version: 1, outbox: [outboxEntry(event, order.created_at)] };
    const deadlineMs = performance.now() + this.#acceptWithinMs;
    const notConfirmed = () => new OutageError('mongodb', `no confirmation within ${this.#acceptWithinMs} ms`);
    // A write that hangs in a dead connection must not keep its caller.
    const stored = await within(this.#acceptWithinMs, this.#commit({ document, deadlineMs }), notConfirmed);
    if (!stored) throw notConfirmed();
    return stored;
  }

  async find(orderId: string): Promise<StoredOrder | undefined> {
    return (await this.collection.findOne<StoredOrder>({ _id: orderId })) ?? undefined;
  }

  /** Newest first. */
  list({ after, limit }: PageRequest, { status, unchangedSince }: OrderFilter): Promise<StoredOrder[]> {
    const conditions: Document[] = [
      ...(status === undefined ? [] : [{ status }]),
      ...(unchangedSince === undefined ? [] : [openAndUnchangedSince(unchangedSince)]),
    ];
    const filter = conditions.length === 0 ? {} : { $and: conditions };
    return findPage<StoredOrder>(this.collection, { after, limit, filter, order: 'descending' });
  }

  /** Open orders whose state has not changed since, the longest unchanged first. */
  findUnchanged(since: Date, limit: number): Promise<OrderWithoutEvents[]> {
    return this.collection
      .find<OrderWithoutEvents>(openAndUnchangedSince(since), {
        sort: { updated_at: 1 },
        limit,
        projection: { 'outbox.event': 0 },
      })
      .toArray();
  }

  async statesOf(orderIds: readonly string[]): Promise<Map<string, OrderState>> {
    const found = await this.collection
      .find<Pick<Order, '_id' | 'status'>>({ _id: { $in: [...orderIds] } }, { projection: { status: 1 } })
      .toArray();
    return new Map(found.map(({ _id, status }) => [_id, status]));
  }

  /** Stores a change and its event; false when the order was changed meanwhile. */
  async saveWithEvent(before: Order, after: Order, event: PipelineEvent): Promise<boolean> {
    const { modifiedCount } = await this.collection.updateOne(
      { _id: before._id, version: before.version },
      {
        $set: { facts: after.facts, status: after.status, updated_at: after.updated_at, version: before.version + 1 },
        $push: { outbox: outboxEntry(event, after.updated_at) } as object,
      },
    );
    return modifiedCount === 1;
  }
}
