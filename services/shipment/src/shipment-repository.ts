/** Shipments in shipment_db, one per order. */
import type { Db } from 'mongodb';
import type { PageRequest } from '@order-pipeline/http';
import {
  createDocumentStore,
  findPage,
  openCollection,
  type DocumentCollection,
  type DocumentStore,
} from '@order-pipeline/mongo';
import type { Shipment } from './shipment.ts';

export class ShipmentRepository {
  readonly collection: DocumentCollection;
  readonly store: DocumentStore<Shipment>;

  constructor(db: Db) {
    this.collection = openCollection(db, 'shipments');
    this.store = createDocumentStore<Shipment>(this.collection);
  }

  async createIndexes(): Promise<void> {
    await this.collection.createIndex(
      { due_at: 1 },
      { name: 'processing_by_due', partialFilterExpression: { status: 'PROCESSING' } },
    );
  }

  async find(orderId: string): Promise<Shipment | undefined> {
    return (await this.collection.findOne<Shipment>({ _id: orderId })) ?? undefined;
  }

  /** Newest orders first. */
  list(page: PageRequest): Promise<Shipment[]> {
    return findPage<Shipment>(this.collection, { ...page, order: 'descending' });
  }

  /** Parcels in PROCESSING that are due, the longest due first. */
  findDue(now: Date, limit: number): Promise<Shipment[]> {
    return this.collection
      .find<Shipment>(
        { status: 'PROCESSING', due_at: { $lte: now } },
        { sort: { due_at: 1 }, limit, projection: { outbox: 0 } },
      )
      .toArray();
  }
}
