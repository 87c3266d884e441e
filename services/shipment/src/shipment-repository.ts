import type { Db } from 'mongodb';
import {
  createDocumentStore,
  openCollection,
  type DocumentCollection,
  type DocumentStore,
} from '@order-pipeline/mongo';
import type { Shipment } from './shipment.ts';

export interface ShipmentRepository {
  readonly collection: DocumentCollection;
  readonly store: DocumentStore<Shipment>;
  createIndexes(): Promise<void>;
  find(orderId: string): Promise<Shipment | undefined>;
  /** Newest orders first. */
  list(page: { after?: string | undefined; limit: number }): Promise<Shipment[]>;
  /** Parcels in PROCESSING whose time has come, the longest due first. */
  findDue(now: Date, limit: number): Promise<Shipment[]>;
}

export function createShipmentRepository(db: Db): ShipmentRepository {
  const collection = openCollection(db, 'shipments');
  return {
    collection,
    store: createDocumentStore<Shipment>(collection),
    async createIndexes() {
      await collection.createIndex(
        { due_at: 1 },
        { name: 'processing_by_due', partialFilterExpression: { status: 'PROCESSING' } },
      );
    },
    async find(orderId) {
      return (await collection.findOne<Shipment>({ _id: orderId })) ?? undefined;
    },
    list: ({ after, limit }) =>
      collection
        .find<Shipment>(after === undefined ? {} : { _id: { $lt: after } }, { sort: { _id: -1 }, limit })
        .toArray(),
    findDue: (now, limit) =>
      collection
        .find<Shipment>(
          { status: 'PROCESSING', due_at: { $lte: now } },
          { sort: { due_at: 1 }, limit, projection: { outbox: 0 } },
        )
        .toArray(),
  };
}
