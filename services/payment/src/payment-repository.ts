import type { Db } from 'mongodb';
import { createDocumentStore, openCollection, type DocumentStore } from '@order-pipeline/mongo';
import type { Payment } from './payment.ts';

export interface PaymentRepository {
  readonly store: DocumentStore<Payment>;
  find(orderId: string): Promise<Payment | undefined>;
  /** Newest orders first. */
  list(page: { after?: string | undefined; limit: number }): Promise<Payment[]>;
}

export function createPaymentRepository(db: Db): PaymentRepository {
  const collection = openCollection(db, 'payments');
  return {
    store: createDocumentStore<Payment>(collection),
    async find(orderId) {
      return (await collection.findOne<Payment>({ _id: orderId })) ?? undefined;
    },
    list: ({ after, limit }) =>
      collection
        .find<Payment>(after === undefined ? {} : { _id: { $lt: after } }, { sort: { _id: -1 }, limit })
        .toArray(),
  };
}
