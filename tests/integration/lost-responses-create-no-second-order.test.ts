/** Guarantee 1: an insert whose response is lost is retried with the same id, for as long as the client waits. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Collection, MongoNetworkError } from 'mongodb';
import { createMongo, type Mongo } from '@order-pipeline/mongo';
import { quietLogger } from '@order-pipeline/resilience';
import { placeOrder } from '../../services/order/src/order.ts';
import { OrderRepository } from '../../services/order/src/order-repository.ts';
import { newOrderId } from '../../services/order/src/order-id.ts';
import { useMongo } from '../support/engines.ts';

const engine = useMongo();
let mongo: Mongo;

beforeAll(async () => {
  mongo = createMongo(engine.uri, 'order_db', quietLogger);
  await mongo.start();
});
afterAll(() => mongo.stop());

const { insertMany } = Collection.prototype;
let attempts = 0;

/** The connection breaks after the first insert, before its response. */
beforeEach(() => {
  attempts = 0;
  Collection.prototype.insertMany = async function (...args) {
    attempts += 1;
    const isFirst = attempts === 1;
    const result = await insertMany.apply(this, args);
    if (isFirst) throw new MongoNetworkError('connection 1 closed');
    return result;
  };
});
afterEach(() => {
  Collection.prototype.insertMany = insertMany;
});

test.each([
  ['without an idempotency key', {}],
  ['with one', { idempotencyKey: 'key-1', requestHash: 'hash' }],
])('an order %s is accepted once, with its own id', async (_, repeatable) => {
  const repository = new OrderRepository(mongo.db, { acceptWithinMs: 10_000 });
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
  expect(attempts).toBe(2);
  expect(await mongo.db.collection('orders').countDocuments({ created_at: now })).toBe(1);
});
