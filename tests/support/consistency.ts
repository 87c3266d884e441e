/** The consistency rules that hold once the pipeline is idle, whatever happened before, read from MongoDB and Kafka. */
import { expect } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { finalStates } from '@order-pipeline/events/order-lifecycle';
import { committedLag } from './kafka-reader.ts';
import { eventually } from './eventually.ts';
import type { TestPipeline } from './pipeline.ts';

const idleLimitMs = 90_000;

/** Waits until nothing is pending: every order is in a final state, every outbox is empty, every event is consumed. */
export async function untilIdle(on: TestPipeline, timeoutMs = idleLimitMs): Promise<void> {
  await eventually(async () => {
    const orders = on.mongo.db('order_db').collection('orders');
    const open = await orders
      .find({ status: { $nin: finalStates } }, { projection: { status: 1 }, limit: 5 })
      .toArray();
    expect({ open }).toEqual({ open: [] });
    for (const { db, collection } of outboxes) {
      const pending = await on.mongo
        .db(db)
        .collection(collection)
        .countDocuments({ 'outbox.0': { $exists: true } });
      expect({ collection, pending }).toEqual({ collection, pending: 0 });
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
 * Waits until the pipeline is idle and checks its consistency: each accepted order is stored and final; it was charged at
 * most once, and the charge was kept only if the order shipped; stock is what was set less what was reserved and not
 * released; there is a shipment for each SHIPPED order and for no other.
 */
export async function expectConsistency(on: TestPipeline, acceptedIds: readonly string[]): Promise<void> {
  await untilIdle(on);
  const orders = (await on.mongo.db('order_db').collection('orders').find().toArray()) as unknown as StoredOrder[];
  const statusOf = new Map(orders.map(({ _id, status }) => [_id, status]));
  expect(acceptedIds.filter((id) => !statusOf.has(id))).toEqual([]);
  const shipped = orders.filter(({ status }) => status === 'SHIPPED');

  await expectConsistentPayments(on, orders);
  await expectConsistentStock(on, shipped);

  const shipments = await on.mongo.db('shipment_db').collection('shipments').find({ status: 'SHIPPED' }).toArray();
  expect(idsOf(shipments)).toEqual(idsOf(shipped));
}

interface StoredOrder {
  readonly _id: string;
  readonly status: string;
  readonly total_minor: number;
}

async function expectConsistentPayments(on: TestPipeline, orders: readonly StoredOrder[]): Promise<void> {
  const rows = await on.mongo.db('gateway_db').collection('ledger').find().toArray();
  const sum = (orderId: string, kind: string): number[] =>
    (byOrder.get(orderId) ?? [])
      .filter((row) => row.kind === kind && (kind === 'refund' || row.outcome === 'captured'))
      .map((row) => row.amount_minor as number);
  const byOrder = Map.groupBy(rows, (row) => row.order_id as string);
  const wrong = orders.flatMap(({ _id, status, total_minor }) => {
    const bookings = { charges: sum(_id, 'charge'), refunds: sum(_id, 'refund') };
    const legal = legalBookings(status, total_minor).map((each) => JSON.stringify(each));
    return legal.includes(JSON.stringify(bookings)) ? [] : [{ _id, status, total_minor, ...bookings }];
  });
  expect(wrong).toEqual([]);
  const known = new Set(orders.map(({ _id }) => _id));
  expect([...byOrder.keys()].filter((id) => !known.has(id))).toEqual([]);
}

interface Bookings {
  readonly charges: readonly number[];
  readonly refunds: readonly number[];
}

function legalBookings(status: string, total: number): Bookings[] {
  const kept = { charges: [total], refunds: [] };
  const refunded = { charges: [total], refunds: [total] };
  const none = { charges: [], refunds: [] };
  const legal: Record<string, Bookings[]> = {
    SHIPPED: [kept],
    REFUNDED: [refunded],
    PAYMENT_DECLINED: [none],
    CANCELLED: [refunded, none],
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

async function expectConsistentStock(on: TestPipeline, shipped: readonly StoredOrder[]): Promise<void> {
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
