import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { sampleEvents, type EventOf, type PipelineEvent } from '@order-pipeline/events';
import { sumByProduct } from './reservation.ts';
import { foldOverStock } from './stock-fold.ts';
import { stockInMemory, type StockInMemory } from '../test/stock-in-memory.ts';

const price_minor = 29_99;
const products = ['P001', 'P002', 'P003'];
const orders = Array.from({ length: 12 }, (_, order) => `018f8c1e-7a00-7000-8000-${String(order).padStart(12, '0')}`);

interface Run {
  readonly quantities: readonly number[];
  /** The lines of each order, the same at each redelivery. */
  readonly lines: readonly (readonly { product: number; quantity: number; stale: boolean }[])[];
  readonly deliveries: readonly { order: number; cancel: boolean }[];
  readonly batchSize: number;
  /** Before which commits another replica processes which deliveries. */
  readonly conflicts: readonly { order: number; cancel: boolean }[];
}

const delivery = fc.record({ order: fc.nat({ max: orders.length - 1 }), cancel: fc.boolean() });
const line = fc.record({
  product: fc.nat({ max: products.length }),
  quantity: fc.integer({ min: 1, max: 8 }),
  stale: fc.constantFrom(false, false, false, false, true),
});
const runs: fc.Arbitrary<Run> = fc.record({
  quantities: fc.array(fc.nat({ max: 20 }), { minLength: products.length, maxLength: products.length }),
  lines: fc.array(fc.array(line, { minLength: 1, maxLength: 4 }), {
    minLength: orders.length,
    maxLength: orders.length,
  }),
  deliveries: fc.array(delivery, { maxLength: 40 }),
  batchSize: fc.integer({ min: 1, max: 10 }),
  conflicts: fc.array(delivery, { maxLength: 10 }),
});

function eventOf({ lines }: Run, { order, cancel }: Run['deliveries'][number]): PipelineEvent {
  const { paid, shipmentCancelled } = sampleEvents(orders[order]);
  if (cancel) return shipmentCancelled;
  const items = lines[order]!.map(({ product, quantity, stale }) => ({
    // One index more than there are products: that product is unknown.
    product_id: products[product] ?? 'P404',
    quantity,
    price_minor: stale ? price_minor + 1 : price_minor,
  }));
  return { ...paid, data: { ...paid.data, items } };
}

/** What is available of one product, and what its reservations reserved and released. */
function accountOf(store: StockInMemory, product: string) {
  const pieces = (statuses: readonly string[]): number =>
    [...store.reservations.values()]
      .filter(({ status }) => statuses.includes(status))
      .flatMap(({ lines }) => lines)
      .reduce((sum, { product_id, quantity }) => sum + (product_id === product ? quantity : 0), 0);
  return {
    available: store.products.get(product)!.quantity,
    reserved: pieces(['RESERVED', 'RELEASED']),
    released: pieces(['RELEASED']),
  };
}

test('stock is never negative, and set + released − reserved is what is available, after every batch', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const store = stockInMemory(
        products.map((_id, index) => ({ _id, quantity: run.quantities[index]!, price_minor })),
      );
      const received = (events: PipelineEvent[]) =>
        events.map((event, index) => ({ event, topic: event.type, partition: 0, offset: String(index) }));
      const now = (): Date => new Date('2024-05-18T12:00:00Z');
      for (const conflict of run.conflicts) {
        store.beforeCommit(async () => void (await foldOverStock(received([eventOf(run, conflict)]), store, now)));
      }
      const published = new Map<string, string>();
      for (let next = 0; next < run.deliveries.length; next += run.batchSize) {
        const batch = run.deliveries.slice(next, next + run.batchSize).map((each) => eventOf(run, each));
        const outcomes = await foldOverStock(received(batch), store, now);
        for (const [index, product] of products.entries()) {
          const { available, reserved, released } = accountOf(store, product);
          expect(available).toBeGreaterThanOrEqual(0);
          expect(available).toBe(run.quantities[index]! + released - reserved);
        }
        // What is published is what is stored, and a fact always has the same bytes.
        for (const { data } of outcomes) {
          const reservation = store.reservations.get(data.order_id);
          expect([reservation?.reserved?.data, reservation?.released?.data]).toContainEqual(data);
          const fact = `${data.order_id} ${data.status}`;
          expect(published.get(fact) ?? JSON.stringify(data)).toBe(JSON.stringify(data));
          published.set(fact, JSON.stringify(data));
        }
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('an order reserves all of its lines or none, once', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const store = stockInMemory(
        products.map((_id, index) => ({ _id, quantity: run.quantities[index]!, price_minor })),
      );
      const known = new Set<number>();
      for (const { order } of run.deliveries) {
        const event = eventOf(run, { order, cancel: false }) as EventOf<'payment_processed'>;
        const before = new Map([...store.products].map(([id, { quantity }]) => [id, quantity]));
        const received = { event, topic: event.type, partition: 0, offset: '0' };
        const [outcome] = await foldOverStock([received], store, () => new Date());
        const items = 'items' in event.data ? event.data.items : [];
        const isTaken = outcome?.data.status === 'RESERVED' && !known.has(order);
        const asked = new Map(sumByProduct(items).map(({ product_id, quantity }) => [product_id, quantity]));
        known.add(order);
        for (const id of products) {
          expect(before.get(id)! - store.products.get(id)!.quantity).toBe(isTaken ? (asked.get(id) ?? 0) : 0);
        }
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);
