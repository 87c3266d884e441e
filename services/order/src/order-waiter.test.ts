import { describe, expect, jest, test } from '@jest/globals';
import type { OrderState } from '@order-pipeline/events/order-lifecycle';
import { OrderWaiter } from './order-waiter.ts';

/** States as the database returns them, with the ids of each read. */
function statesInMemory() {
  const states = new Map<string, OrderState>();
  const reads: string[][] = [];
  const statesOf = async (ids: readonly string[]): Promise<Map<string, OrderState>> => {
    reads.push([...ids]);
    return new Map(ids.flatMap((id) => (states.has(id) ? [[id, states.get(id)!] as const] : [])));
  };
  return { states, reads, statesOf };
}

jest.setTimeout(30_000);

const forLong = 10_000;
const neverStops = new AbortController().signal;

describe('a wait for a state', () => {
  test.each<[OrderState, OrderState]>([
    ['PAID', 'PAID'],
    ['PAID', 'RESERVED'],
    ['SHIPPED', 'SHIPPED'],
    ['SHIPPED', 'PAYMENT_DECLINED'],
    ['REFUNDED', 'CANCELLED'],
  ])('for %s ends when the order is %s', async (wanted, now) => {
    const { states, statesOf } = statesInMemory();
    states.set('a', now);
    await new OrderWaiter(statesOf, neverStops).wait('a', wanted, forLong);
  });

  test('lasts until the order reaches the state', async () => {
    const { states, reads, statesOf } = statesInMemory();
    states.set('a', 'PENDING');
    let done = false;
    const waited = new OrderWaiter(statesOf, neverStops).wait('a', 'PAID', forLong).then(() => (done = true));
    while (reads.length < 3) await new Promise(setImmediate);
    expect(done).toBe(false);
    states.set('a', 'PAID');
    await waited;
  });

  test('for an unknown order ends with its time-out', async () => {
    const { statesOf } = statesInMemory();
    const startMs = performance.now();
    await new OrderWaiter(statesOf, neverStops).wait('a', 'PAID', 60);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
  });

  test('shares one read with all others, with each order in it once', async () => {
    const { states, reads, statesOf } = statesInMemory();
    const waiter = new OrderWaiter(statesOf, neverStops);
    const waits = ['a', 'b', 'b', 'c'].map((id) => waiter.wait(id, 'SHIPPED', forLong));
    while (reads.length < 2) await new Promise(setImmediate);
    for (const id of ['a', 'b', 'c']) states.set(id, 'SHIPPED');
    await Promise.all(waits);
    expect(reads[1]).toEqual(['a', 'b', 'c']);
    const readsBefore = reads.length;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(reads.length).toBe(readsBefore);
  });

  test('shares one poll, however many waits ended before it', async () => {
    const { states, reads, statesOf } = statesInMemory();
    const waiter = new OrderWaiter(statesOf, neverStops);
    states.set('a', 'SHIPPED');
    for (let again = 0; again < 20; again += 1) await waiter.wait('a', 'SHIPPED', forLong);
    const before = reads.length;
    await waiter.wait('b', 'SHIPPED', 100);
    expect(reads.length - before).toBeLessThan(10);
  });

  test('fails with the read, as do all others, and the next wait reads again', async () => {
    let broken = true;
    let reads = 0;
    const statesOf = async (): Promise<Map<string, OrderState>> => {
      reads += 1;
      if (broken) throw new Error('no primary');
      return new Map([['a', 'SHIPPED']]);
    };
    const waiter = new OrderWaiter(statesOf, neverStops);
    const waits = ['a', 'b'].map((id) => waiter.wait(id, 'SHIPPED', forLong));
    for (const { status } of await Promise.allSettled(waits)) expect(status).toBe('rejected');
    const failed = reads;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(reads).toBe(failed);
    broken = false;
    await waiter.wait('a', 'SHIPPED', forLong);
  });

  test('ends at once when the service stops', async () => {
    const { states, reads, statesOf } = statesInMemory();
    states.set('a', 'PENDING');
    const stopping = new AbortController();
    const waited = new OrderWaiter(statesOf, stopping.signal).wait('a', 'PAID', forLong);
    while (reads.length === 0) await new Promise(setImmediate);
    const startMs = performance.now();
    stopping.abort();
    await waited;
    expect(performance.now() - startMs).toBeLessThan(forLong / 2);
  });

  test('counts against a limit', async () => {
    const { states, statesOf } = statesInMemory();
    const stopping = new AbortController();
    const waiter = new OrderWaiter(statesOf, stopping.signal);
    expect(waiter.isFull).toBe(false);
    states.set('a', 'PENDING');
    const waits = Array.from({ length: 1_000 }, () => waiter.wait('a', 'PAID', forLong));
    expect(waiter.isFull).toBe(true);
    stopping.abort();
    await Promise.all(waits);
    expect(waiter.isFull).toBe(false);
  });
});
