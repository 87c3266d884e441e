import { describe, expect, jest, test } from '@jest/globals';
import { factOf, sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { OutageError, type Logger } from '@order-pipeline/resilience';
import { storeInMemory, type StoreInMemory } from '../../../packages/mongo/test/store-in-memory.ts';
import { decide, type Shipment } from './shipment.ts';
import { createShippingTimer } from './shipping-timer.ts';

jest.setTimeout(30_000);

const orderId = (order: number): string => `018f8c1e-7a00-7000-8000-${String(order).padStart(12, '0')}`;

/** A parcel in PROCESSING that is due so many milliseconds from now. */
function parcel(order: number, dueInMs: number): Shipment {
  const decision = decide(undefined, sampleEvents(orderId(order)).reserved, {
    now: new Date(Date.now() + dueInMs - 1),
    shipmentId: orderId(order),
    trackingDigits: '0A1B2C3D',
    processingMs: 1,
  });
  if (decision.outcome !== 'accepted') throw new Error(decision.outcome);
  return { ...decision.document, version: 1 };
}

/** A timer over shipments in memory; the database's query is a filter here. */
function open(store: StoreInMemory<Shipment>, { failures = 0 } = {}) {
  const pushed: PipelineEvent[] = [];
  const logged: string[] = [];
  const log =
    (level: string) =>
    (_: object, message: string): void =>
      void logged.push(`${level} ${message}`);
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  let reads = 0;
  const findDue = async (now: Date, limit: number): Promise<Shipment[]> => {
    reads += 1;
    if (reads <= failures) throw new OutageError('mongodb', new Error('no primary'));
    return [...store.documents.values()]
      .filter(({ status, due_at }) => status === 'PROCESSING' && due_at <= now)
      .toSorted((a, b) => a.due_at.getTime() - b.due_at.getTime())
      .slice(0, limit);
  };
  const timer = createShippingTimer({
    repository: { findDue, store },
    relay: { push: (events) => void pushed.push(...events) },
    logger,
    pollMs: 5,
  });
  return { timer, pushed, logged };
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!holds() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(holds()).toBe(true);
}

describe('the shipping timer', () => {
  test('ships what is due, with its event in the same write, and leaves the rest', async () => {
    const store = storeInMemory([parcel(1, -1_000), parcel(2, 60_000)]);
    const { timer, pushed } = open(store);
    timer.start();
    await until(() => pushed.length === 1);
    await timer.stop();
    expect(pushed.map(factOf)).toEqual(['shipment_processed:SHIPPED']);
    expect(store.documents.get(orderId(1))).toMatchObject({
      status: 'SHIPPED',
      version: 2,
      outbox: [{ event: pushed[0] }],
    });
    expect(store.documents.get(orderId(2))).toMatchObject({ status: 'PROCESSING', version: 1 });
  });

  test('ships what came due while no replica was running', async () => {
    const store = storeInMemory([parcel(1, -86_400_000), parcel(2, -3_600_000)]);
    const { timer, pushed } = open(store);
    timer.start();
    await until(() => pushed.length === 2);
    await timer.stop();
    expect(pushed.map(({ data }) => data.order_id)).toEqual([orderId(1), orderId(2)]);
  });

  test('ships everything, however many are due at once', async () => {
    const store = storeInMemory(Array.from({ length: 1_200 }, (_, order) => parcel(order, -1)));
    const { timer, pushed } = open(store);
    timer.start();
    await until(() => pushed.length === 1_200);
    await timer.stop();
    expect(new Set(pushed.map(({ data }) => data.order_id)).size).toBe(1_200);
    expect(Math.max(...store.calls.map(({ ids }) => ids.length))).toBe(500);
  });

  test('ships and publishes nothing for a parcel that was cancelled meanwhile', async () => {
    const store = storeInMemory([parcel(1, -1_000)]);
    store.beforeSave((documents) => {
      const known = documents.get(orderId(1))!;
      documents.set(orderId(1), { ...known, status: 'CANCELLED', version: 2 });
    });
    const { timer, pushed } = open(store);
    timer.start();
    await until(() => store.calls.length > 0);
    await timer.stop();
    expect(pushed).toEqual([]);
    expect(store.documents.get(orderId(1))).toMatchObject({ status: 'CANCELLED', version: 2 });
  });

  test('of two replicas ships a parcel once', async () => {
    const store = storeInMemory(Array.from({ length: 50 }, (_, order) => parcel(order, -1)));
    const [one, other] = [open(store), open(store)];
    one.timer.start();
    other.timer.start();
    await until(() => one.pushed.length + other.pushed.length >= 50);
    await Promise.all([one.timer.stop(), other.timer.stop()]);
    expect(one.pushed.length + other.pushed.length).toBe(50);
    expect([...store.documents.values()].every(({ version }) => version === 2)).toBe(true);
  });

  test('retries through an outage, and logs it at debug level only', async () => {
    const store = storeInMemory([parcel(1, -1_000)]);
    const { timer, pushed, logged } = open(store, { failures: 3 });
    timer.start();
    await until(() => pushed.length === 1);
    await timer.stop();
    expect(logged).toEqual(
      Array.from({ length: 3 }, () => 'debug shipping timer: an outage prevents the run, retrying'),
    );
  });

  test('ships nothing after it is stopped', async () => {
    const store = storeInMemory<Shipment>();
    const { timer, pushed } = open(store);
    timer.start();
    await timer.stop();
    store.documents.set(orderId(1), parcel(1, -1_000));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(pushed).toEqual([]);
  });
});
