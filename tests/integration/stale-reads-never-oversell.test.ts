/** Guarantee 4 under contention: two replicas read the same stock, and both decide to sell the last unit. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createMongo, type Mongo } from '@order-pipeline/mongo';
import { quietLogger } from '@order-pipeline/resilience';
import { InventoryRepository } from '../../services/inventory/src/inventory-repository.ts';
import type { Product, Reservation } from '../../services/inventory/src/reservation.ts';
import type { StockWrite } from '../../services/inventory/src/stock-fold.ts';
import { useMongo } from '../support/engines.ts';

const engine = useMongo();
let mongo: Mongo;
let repository: InventoryRepository;

beforeAll(async () => {
  mongo = createMongo(engine.uri, 'inventory_db', quietLogger);
  await mongo.start();
  repository = new InventoryRepository(mongo);
});
afterAll(() => mongo.stop());

const orders = ['order-1', 'order-2'] as const;
const reservationOf = (_id: string, product_id: string): Reservation => ({
  _id,
  version: 0,
  kind: 'reservation',
  status: 'RESERVED',
  at: new Date(),
  lines: [{ product_id, quantity: 1 }],
});

const oneOf = (before: Product, orderId: string): StockWrite => ({
  products: [{ before, after: { ...before, quantity: before.quantity - 1 } }],
  reservations: [{ before: undefined, after: reservationOf(orderId, before._id) }],
});

async function stockOf(_id: string, quantity: number): Promise<Product> {
  await repository.seed([{ _id, quantity, price_minor: 9_50 }]);
  return (await repository.loadStock([_id])).get(_id)!;
}

describe('a decision on stock that has changed since it was read', () => {
  test.each([
    ['the last unit', 'LAST', 1],
    ['a unit of many', 'PLENTY', 100],
  ])('is rejected as a whole: %s', async (_, product, quantity) => {
    const read = await stockOf(product, quantity);
    const ids = orders.map((order) => `${product}-${order}`);
    expect(await repository.commit(oneOf(read, ids[0]!))).toBe(true);
    expect(await repository.commit(oneOf(read, ids[1]!))).toBe(false);
    expect((await repository.find(product))?.quantity).toBe(quantity - 1);
    expect([...(await repository.loadReservations(ids)).keys()]).toEqual([ids[0]]);
  });

  test('is committed for one of two concurrent decisions', async () => {
    const read = await stockOf('CONTENDED', 1);
    const committed = await Promise.all(orders.map((order) => repository.commit(oneOf(read, `contended-${order}`))));
    expect(committed.filter(Boolean)).toHaveLength(1);
    expect((await repository.find('CONTENDED'))?.quantity).toBe(0);
  });
});
