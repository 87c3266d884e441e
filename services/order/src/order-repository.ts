/** Orders in order_db: accepted in groups, read with what a majority has, written on condition of what was read. */
import type { Db } from 'mongodb';
import type { PipelineEvent } from '@order-pipeline/events';
import { openStates, type OrderState } from '@order-pipeline/events/order-lifecycle';
import { isOutage, OutageError, within } from '@order-pipeline/resilience';
import {
  createDocumentStore,
  createGroupCommit,
  duplicateKeyIndexes,
  openCollection,
  type DocumentCollection,
  type DocumentStore,
  type StoredDocument,
} from '@order-pipeline/mongo';
import { outboxEntry, type WithOutbox } from '@order-pipeline/outbox';
import type { Order } from './order.ts';
import { writeWithinDeadlines } from './within-deadlines.ts';

export type StoredOrder = Order & WithOutbox;

/** An order without the events of its outbox: only which facts wait there to be published. */
export type OrderWithoutEvents = Order & { readonly outbox?: readonly { readonly fact: string }[] };

export interface NewOrder {
  readonly order: Order;
  readonly event: PipelineEvent;
}

export interface OrderPage {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly status?: OrderState | undefined;
  /** Only open orders that have not moved since. */
  readonly unmovedSince?: Date | undefined;
}

export interface OrderRepository {
  readonly collection: DocumentCollection;
  readonly store: DocumentStore<Order>;
  createIndexes(): Promise<void>;
  /**
   * Stores an order and its event in one write, shared with the orders that arrive meanwhile. Answers the order that
   * stands: another one where the idempotency key was used before. Rejects with an outage when that cannot be confirmed
   * in time; the order may exist all the same.
   */
  accept(order: NewOrder): Promise<Order>;
  find(orderId: string): Promise<StoredOrder | undefined>;
  list(page: OrderPage): Promise<StoredOrder[]>;
  /** Open orders that have not moved since, those that stand still the longest first. */
  findUnmoved(since: Date, limit: number): Promise<OrderWithoutEvents[]>;
  statesOf(orderIds: readonly string[]): Promise<Map<string, OrderState>>;
  /** Stores a change and its event; false when the order was changed meanwhile. */
  saveWithEvent(before: Order, after: Order, event: PipelineEvent): Promise<boolean>;
}

const maxBatch = 500;
const maxWaiting = 10_000;
const retryBackoff = { firstMs: 20, maxMs: 500 };

export function createOrderRepository(db: Db, { acceptWithinMs }: { acceptWithinMs: number }): OrderRepository {
  const collection = openCollection(db, 'orders');
  const store = createDocumentStore<Order>(collection);

  const insertOnce = async (batch: readonly Waiting[]): Promise<Order[]> => {
    try {
      await collection.insertMany(
        batch.map(({ document }) => document as unknown as StoredDocument),
        { ordered: false },
      );
      return batch.map(({ document }) => document);
    } catch (error) {
      const refused = duplicateKeyIndexes(error).map((index) => batch[index]!.document);
      const standing = await findStanding(refused);
      return batch.map(({ document }) => {
        if (!refused.includes(document)) return document;
        const stands = standing.find(
          ({ _id, idempotency_key: key }) =>
            _id === document._id || (key !== undefined && key === document.idempotency_key),
        );
        // The one that holds the key is not yet known to a majority: neither is the answer.
        if (!stands) throw new OutageError('mongodb', error);
        return stands;
      });
    }
  };

  const findStanding = (refused: readonly Order[]): Promise<StoredOrder[]> => {
    const keys = refused.flatMap(({ idempotency_key: key }) => (key === undefined ? [] : [key]));
    return collection
      .find<StoredOrder>({ $or: [{ _id: { $in: refused.map(({ _id }) => _id) } }, { idempotency_key: { $in: keys } }] })
      .toArray();
  };

  const notConfirmed = (): OutageError =>
    new OutageError('mongodb', new Error(`no confirmation within ${acceptWithinMs} ms`));
  const commit = createGroupCommit<Waiting, Order | undefined>({
    write: (batch) => writeWithinDeadlines(batch, { write: insertOnce, isRetryable: isOutage, backoff: retryBackoff }),
    maxBatch,
    maxWaiting,
    full: () => new OutageError('mongodb', new Error('too many orders wait to be written')),
  });

  return {
    collection,
    store,
    async createIndexes() {
      await collection.createIndexes([
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
    },
    async accept({ order, event }) {
      const document = { ...order, version: 1, outbox: [outboxEntry(event, order.created_at)] };
      const deadlineMs = performance.now() + acceptWithinMs;
      // A write that hangs in a dead connection must not keep its caller.
      const standing = await within(acceptWithinMs, commit({ document, deadlineMs }), notConfirmed);
      if (!standing) throw notConfirmed();
      return standing;
    },
    async find(orderId) {
      return (await collection.findOne<StoredOrder>({ _id: orderId })) ?? undefined;
    },
    list({ after, limit, status, unmovedSince }) {
      const conditions = [
        ...(after === undefined ? [] : [{ _id: { $lt: after } }]),
        ...(status === undefined ? [] : [{ status }]),
        ...(unmovedSince === undefined ? [] : [unmoved(unmovedSince)]),
      ];
      const filter = conditions.length === 0 ? {} : { $and: conditions };
      return collection.find<StoredOrder>(filter, { sort: { _id: -1 }, limit }).toArray();
    },
    findUnmoved: (since, limit) =>
      collection
        .find<OrderWithoutEvents>(unmoved(since), {
          sort: { updated_at: 1 },
          limit,
          projection: { 'outbox.event': 0 },
        })
        .toArray(),
    async statesOf(orderIds) {
      const found = await collection
        .find<Pick<Order, '_id' | 'status'>>({ _id: { $in: [...orderIds] } }, { projection: { status: 1 } })
        .toArray();
      return new Map(found.map(({ _id, status }) => [_id, status]));
    },
    async saveWithEvent(before, after, event) {
      const { modifiedCount } = await collection.updateOne(
        { _id: before._id, version: before.version },
        {
          $set: { facts: after.facts, status: after.status, updated_at: after.updated_at, version: before.version + 1 },
          $push: { outbox: outboxEntry(event, after.updated_at) } as object,
        },
      );
      return modifiedCount === 1;
    },
  };
}

/** In the form of the partial index, so that it is used. */
const unmoved = (since: Date) => ({ status: { $in: openStates }, updated_at: { $lt: since } });

interface Waiting {
  readonly document: StoredOrder;
  readonly deadlineMs: number;
}
