/** Guarantee 1: an insert whose response is lost is retried with the same id, for as long as the client waits. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { MongoNetworkError } from 'mongodb';
import { createMongo, type Mongo } from '@order-pipeline/mongo';
import { placeOrder } from '../../services/order/src/order.ts';
import { createOrderRepository } from '../../services/order/src/order-repository.ts';
import { newOrderId } from '../../services/order/src/order-id.ts';
import { useMongo } from '../support/engines.ts';
import { quiet } from '../support/quiet.ts';

const engine = useMongo();
let mongo: Mongo;

beforeAll(async () => {
  mongo = createMongo(engine.uri, 'order_db', quiet);
  await mongo.start();
});
afterAll(() => mongo.stop());

/** The database, with a connection that breaks after the first insert and before its response. */
function losingOneResponse(db: Db): Db {
  let lost = false;
  const collection: Db['collection'] = (name: string) => {
    const real = db.collection(name);
    const insertMany = real.insertMany.bind(real);
    real.insertMany = async (...args) => {
      const result = await insertMany(...args);
      if (lost) return result;
      lost = true;
      throw new MongoNetworkError('connection 1 closed');
    };
    return real as never;
  };
  return { collection } as Db;
}

test.each([
  ['without an idempotency key', {}],
  ['with one', { idempotencyKey: 'key-1', requestHash: 'hash' }],
])('an order %s is accepted once, with its own id', async (_, repeatable) => {
  const repository = createOrderRepository(losingOneResponse(mongo.db), { acceptWithinMs: 10_000 });
  await repository.createIndexes();
  const now = new Date();
  const placed = placeOrder({
    orderId: newOrderId(now),
    now,
    customer_id: 'CUST001',
    items: [{ product_id: 'P001', quantity: 1, price_minor: 29_99 }],
    shipping_address: '123 Main St',
    currency: 'USD',
    ...repeatable,
  });
  expect((await repository.accept(placed))._id).toBe(placed.order._id);
  expect(await mongo.db.collection('orders').countDocuments({ created_at: now })).toBe(1);
});
