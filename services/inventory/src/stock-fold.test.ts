import { describe, expect, test } from '@jest/globals';
import { factOf, sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { foldOverStock } from './stock-fold.ts';
import { stockInMemory } from '../test/stock-in-memory.ts';

const now = (): Date => new Date('2024-05-18T12:00:02.000Z');
const orderId = (order: number): string => `018f8c1e-7a00-7000-8000-${String(order).padStart(12, '0')}`;
const received = (...events: PipelineEvent[]) =>
  events.map((event, index) => ({ event, topic: event.type, partition: 0, offset: String(index) }));

/** An order that is paid for, of some pieces of one product. */
function paid(order: number, quantity: number, product_id = 'P001'): PipelineEvent {
  const { paid: sample } = sampleEvents(orderId(order));
  return { ...sample, data: { ...sample.data, items: [{ product_id, quantity, price_minor: 29_99 }] } };
}
const cancelled = (order: number): PipelineEvent => sampleEvents(orderId(order)).shipmentCancelled;
const outcomesOf = (events: readonly PipelineEvent[]): string[] =>
  events.map(({ data }) => `${Number(data.order_id.slice(-12))} ${data.status}`);
const stockOf = (...quantities: number[]) =>
  stockInMemory(quantities.map((quantity, index) => ({ _id: `P00${index + 1}`, quantity, price_minor: 29_99 })));

describe('a batch', () => {
  test('lets the second order see what the first one took', async () => {
    const store = stockOf(10);
    expect(outcomesOf(await foldOverStock(received(paid(1, 6), paid(2, 6), paid(3, 4)), store, now))).toEqual([
      '1 RESERVED',
      '2 REJECTED',
      '3 RESERVED',
    ]);
    expect(store.products.get('P001')?.quantity).toBe(0);
    expect(store.writes).toHaveLength(1);
    expect(store.writes[0]?.products).toHaveLength(1);
  });

  test('counts a duplicate once', async () => {
    const store = stockOf(10);
    expect(outcomesOf(await foldOverStock(received(paid(1, 4), paid(1, 4), paid(1, 4)), store, now))).toEqual([
      '1 RESERVED',
    ]);
    expect(store.products.get('P001')?.quantity).toBe(6);
  });

  test('reserves for one order what an earlier one released', async () => {
    const store = stockOf(10);
    await foldOverStock(received(paid(1, 10)), store, now);
    expect(outcomesOf(await foldOverStock(received(cancelled(1), paid(2, 10)), store, now))).toEqual([
      '1 RELEASED',
      '2 RESERVED',
    ]);
    expect(store.products.get('P001')?.quantity).toBe(0);
  });

  test('that reserves and releases leaves the stock as it is, and records both', async () => {
    const store = stockOf(10);
    expect(outcomesOf(await foldOverStock(received(paid(1, 4), cancelled(1)), store, now))).toEqual([
      '1 RESERVED',
      '1 RELEASED',
    ]);
    expect(store.writes).toMatchObject([{ products: [], reservations: [{ after: { status: 'RELEASED' } }] }]);
  });

  test('of duplicates writes nothing and returns the same outcomes, byte for byte', async () => {
    const store = stockOf(10);
    const first = await foldOverStock(received(paid(1, 4), paid(2, 40)), store, now);
    const again = await foldOverStock(received(paid(2, 40), paid(1, 4)), store, () => new Date());
    expect(outcomesOf(again)).toEqual(['2 REJECTED', '1 RESERVED']);
    expect(JSON.stringify(again.toReversed())).toBe(JSON.stringify(first));
    expect(store.writes).toHaveLength(1);
  });

  test('that moves no stock is not written at all', async () => {
    const store = stockOf(10);
    const { declined, shipped } = sampleEvents(orderId(1));
    expect(await foldOverStock(received(declined, shipped), store, now)).toEqual([]);
    expect(store.writes).toEqual([]);
  });

  test('records a rejection and leaves the stock as it is', async () => {
    const store = stockOf(10);
    await foldOverStock(received(paid(1, 11), paid(2, 1, 'P404')), store, now);
    expect(store.writes).toMatchObject([{ products: [] }]);
    expect([...store.reservations.values()].map(({ status }) => status)).toEqual(['REJECTED', 'REJECTED']);
  });
});

describe('a conflict over the stock', () => {
  test('is decided again, and nothing is published for the losing decision', async () => {
    const store = stockOf(10);
    store.beforeCommit(async () => void (await foldOverStock(received(paid(2, 8)), store, now)));
    const outcomes = await foldOverStock(received(paid(1, 6)), store, now);
    expect(outcomes.map(factOf)).toEqual(['inventory_updated:REJECTED']);
    expect(store.products.get('P001')?.quantity).toBe(2);
    expect(store.reservations.get(orderId(1))?.status).toBe('REJECTED');
  });

  test('with a replica that has the same event ends as a duplicate', async () => {
    const store = stockOf(10);
    const events: PipelineEvent[] = [];
    store.beforeCommit(async () => void events.push(...(await foldOverStock(received(paid(1, 6)), store, now))));
    expect(await foldOverStock(received(paid(1, 6)), store, () => new Date())).toEqual(events);
    expect(store.products.get('P001')?.quantity).toBe(4);
  });

  test('that never ends aborts abandoned transactions, and is then an outage', async () => {
    const store = { ...stockOf(10), commit: async () => false };
    await expect(foldOverStock(received(paid(1, 6)), store, now)).rejects.toMatchObject({ outage: true });
    expect(store.aborts.count).toBeGreaterThan(0);
  }, 60_000);
});
