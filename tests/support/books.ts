/** What must hold once the pipeline is at rest, whatever happened before: read straight from MongoDB and Kafka. */
import { expect } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { committedLag } from './kafka-reader.ts';
import { eventually } from './eventually.ts';
import { ends } from './orders.ts';
import type { TestPipeline } from './pipeline.ts';

const restLimitMs = 90_000;

/** Waits until nothing is left to do: every order in an end, every outbox empty, every event consumed. */
export async function untilAtRest(on: TestPipeline, timeoutMs = restLimitMs): Promise<void> {
  await eventually(async () => {
    const orders = on.mongo.db('order_db').collection('orders');
    const open = await orders.find({ status: { $nin: ends } }, { projection: { status: 1 }, limit: 5 }).toArray();
    expect({ open }).toEqual({ open: [] });
    for (const { db, collection } of outboxes) {
      const waiting = await on.mongo
        .db(db)
        .collection(collection)
        .countDocuments({ 'outbox.0': { $exists: true } });
      expect({ collection, waiting }).toEqual({ collection, waiting: 0 });
    }
    for (const { consumerGroup, consumes } of Object.values(services)) {
      const lag = await committedLag(on.kafka, consumerGroup, consumes);
      expect({ consumerGroup, lag }).toEqual({ consumerGroup, lag: 0 });
    }
  }, timeoutMs);
}

const outboxes = [
  { db: 'order_db', collection: 'orders' },
  { db: 'shipment_db', collection: 'shipments' },
];

/**
 * Waits for rest and checks the books: each accepted order is stored and has ended; it was charged at most once, and kept
 * the money only if it shipped; stock is what was set less what was reserved and not released; a parcel went for each
 * SHIPPED order and for no other.
 */
export async function expectBooksBalance(on: TestPipeline, acceptedIds: readonly string[]): Promise<void> {
  await untilAtRest(on);
  const orders = (await on.mongo.db('order_db').collection('orders').find().toArray()) as unknown as StoredOrder[];
  const statusOf = new Map(orders.map(({ _id, status }) => [_id, status]));
  expect(acceptedIds.filter((id) => !statusOf.has(id))).toEqual([]);
  const shipped = orders.filter(({ status }) => status === 'SHIPPED');

  await expectMoneyBalances(on, orders);
  await expectStockBalances(on, shipped);

  const shipments = await on.mongo.db('shipment_db').collection('shipments').find({ status: 'SHIPPED' }).toArray();
  expect(idsOf(shipments)).toEqual(idsOf(shipped));
}

interface StoredOrder {
  readonly _id: string;
  readonly status: string;
  readonly total_minor: number;
}

async function expectMoneyBalances(on: TestPipeline, orders: readonly StoredOrder[]): Promise<void> {
  const rows = await on.mongo.db('gateway_db').collection('ledger').find().toArray();
  const sum = (orderId: string, kind: string): number[] =>
    (byOrder.get(orderId) ?? [])
      .filter((row) => row.kind === kind && (kind === 'refund' || row.outcome === 'captured'))
      .map((row) => row.amount_minor as number);
  const byOrder = Map.groupBy(rows, (row) => row.order_id as string);
  const wrong = orders.flatMap(({ _id, status, total_minor }) => {
    const booked = { charges: sum(_id, 'charge'), refunds: sum(_id, 'refund') };
    const legal = legalBookings(status, total_minor).map((each) => JSON.stringify(each));
    return legal.includes(JSON.stringify(booked)) ? [] : [{ _id, status, total_minor, ...booked }];
  });
  expect(wrong).toEqual([]);
  const known = new Set(orders.map(({ _id }) => _id));
  expect([...byOrder.keys()].filter((id) => !known.has(id))).toEqual([]);
}

interface Booked {
  readonly charges: readonly number[];
  readonly refunds: readonly number[];
}

function legalBookings(status: string, total: number): Booked[] {
  const kept = { charges: [total], refunds: [] };
  const givenBack = { charges: [total], refunds: [total] };
  const never = { charges: [], refunds: [] };
  const legal: Record<string, Booked[]> = {
    SHIPPED: [kept],
    REFUNDED: [givenBack],
    PAYMENT_DECLINED: [never],
    CANCELLED: [givenBack, never],
  };
  return legal[status] ?? [];
}

interface Reservation {
  readonly _id: string;
  readonly status: string;
  readonly lines: readonly { readonly product_id: string; readonly quantity: number }[];
  readonly reserved?: { readonly data: { readonly status: string } };
  readonly released?: unknown;
}

async function expectStockBalances(on: TestPipeline, shipped: readonly StoredOrder[]): Promise<void> {
  const db = on.mongo.db('inventory_db');
  const expected = new Map<string, number>();
  const book = (productId: string, delta: number): void =>
    void expected.set(productId, (expected.get(productId) ?? 0) + delta);
  const sets = await db.collection('updates').find({ kind: 'set' }).toArray();
  for (const { product_id, delta } of sets) book(product_id as string, delta as number);
  const reservations = (await db
    .collection('updates')
    .find({ kind: 'reservation' })
    .toArray()) as unknown as Reservation[];
  for (const { lines, reserved, released } of reservations) {
    for (const { product_id, quantity } of lines) {
      if (reserved?.data.status === 'RESERVED') book(product_id, -quantity);
      if (released !== undefined) book(product_id, quantity);
    }
  }
  const stock = await db.collection<{ _id: string; quantity: number }>('inventory').find().toArray();
  const onHand = Object.fromEntries(stock.map(({ _id, quantity }) => [_id, quantity]));
  expect(onHand).toEqual(Object.fromEntries(expected));
  expect(Object.values(onHand).filter((quantity) => quantity < 0)).toEqual([]);
  expect(idsOf(reservations.filter(({ status }) => status === 'RESERVED'))).toEqual(idsOf(shipped));
}

const idsOf = (documents: readonly { readonly _id: unknown }[]): string[] =>
  documents.map(({ _id }) => String(_id)).toSorted();
