/** Payments in payment_db, one per order. */
import type { Db } from 'mongodb';
import type { PageRequest } from '@order-pipeline/http';
import {
  createDocumentStore,
  findPage,
  openCollection,
  type DocumentCollection,
  type DocumentStore,
} from '@order-pipeline/mongo';
import type { Payment } from './payment.ts';

export class PaymentRepository {
  readonly store: DocumentStore<Payment>;
  readonly #collection: DocumentCollection;

  constructor(db: Db) {
    this.#collection = openCollection(db, 'payments');
    this.store = createDocumentStore<Payment>(this.#collection);
  }

  async find(orderId: string): Promise<Payment | undefined> {
    return (await this.#collection.findOne<Payment>({ _id: orderId })) ?? undefined;
  }

  /** Newest orders first. */
  list(page: PageRequest): Promise<Payment[]> {
    return findPage<Payment>(this.#collection, { ...page, order: 'descending' });
  }
}
