/** What the order-note service knows, in order_note_db: one document per order. */
import type { Db } from 'mongodb';
import type { PageRequest } from '@order-pipeline/http';
import {
  createDocumentStore,
  findPage,
  openCollection,
  type DocumentCollection,
  type DocumentStore,
} from '@order-pipeline/mongo';
import type { OrderNote } from './order-note.ts';

export class OrderNoteRepository {
  readonly collection: DocumentCollection;
  readonly store: DocumentStore<OrderNote>;

  constructor(db: Db) {
    this.collection = openCollection(db, 'order_note');
    this.store = createDocumentStore<OrderNote>(this.collection);
  }

  async find(orderId: string): Promise<OrderNote | undefined> {
    return (await this.collection.findOne<OrderNote>({ _id: orderId })) ?? undefined;
  }

  /** Newest orders first. */
  list(page: PageRequest): Promise<OrderNote[]> {
    return findPage<OrderNote>(this.collection, { ...page, order: 'descending' });
  }
}
