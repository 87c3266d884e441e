import { describe, expect, jest, test } from '@jest/globals';
import type { OrderState } from '@order-pipeline/events/order-lifecycle';
import { createOrderWaiter } from './order-waiter.ts';

/** States as the database would answer them, with what was asked. */
function statesInMemory() {
  const states = new Map<string, OrderState>();
  const asked: string[][] = [];
  const statesOf = async (ids: readonly string[]): Promise<Map<string, OrderState>> => {
    asked.push([...ids]);
    return new Map(ids.flatMap((id) => (states.has(id) ? [[id, states.get(id)!] as const] : [])));
  };
  return { states, asked, statesOf };
}

jest.setTimeout(30_000);

const forLong = 10_000;
const neverStops = new AbortController().signal;

describe('waiting for a state', () => {
  test.each<[OrderState, OrderState]>([
    ['PAID', 'PAID'],
    ['PAID', 'RESERVED'],
    ['SHIPPED', 'SHIPPED'],
    ['SHIPPED', 'PAYMENT_DECLINED'],
    ['REFUNDED', 'CANCELLED'],
  ])('for %s is over when the order is %s', async (wanted, now) => {
    const { states, statesOf } = statesInMemory();
    states.set('a', now);
    await createOrderWaiter(statesOf, neverStops).wait('a', wanted, forLong);
  });

  test('goes on until the order gets there', async () => {
    const { states, asked, statesOf } = statesInMemory();
    states.set('a', 'PENDING');
    let done = false;
    const waited = createOrderWaiter(statesOf, neverStops)
      .wait('a', 'PAID', forLong)
      .then(() => (done = true));
    while (asked.length < 3) await new Promise(setImmediate);
    expect(done).toBe(false);
    states.set('a', 'PAID');
    await waited;
  });

  test('for an order that nobody knows ends with its time', async () => {
    const { statesOf } = statesInMemory();
    const startMs = performance.now();
    await createOrderWaiter(statesOf, neverStops).wait('a', 'PAID', 60);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
  });

  test('is one read for all who wait, and one place in it for each order', async () => {
    const { states, asked, statesOf } = statesInMemory();
    const waiter = createOrderWaiter(statesOf, neverStops);
    const waits = ['a', 'b', 'b', 'c'].map((id) => waiter.wait(id, 'SHIPPED', forLong));
    while (asked.length < 2) await new Promise(setImmediate);
    for (const id of ['a', 'b', 'c']) states.set(id, 'SHIPPED');
    await Promise.all(waits);
    expect(asked[1]).toEqual(['a', 'b', 'c']);
    const reads = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(asked.length).toBe(reads);
  });

  test('stays one read, however often everybody had got an answer and somebody new comes', async () => {
    const { states, asked, statesOf } = statesInMemory();
    const waiter = createOrderWaiter(statesOf, neverStops);
    states.set('a', 'SHIPPED');
    for (let again = 0; again < 20; again += 1) await waiter.wait('a', 'SHIPPED', forLong);
    const before = asked.length;
    await waiter.wait('b', 'SHIPPED', 100);
    expect(asked.length - before).toBeLessThan(10);
  });

  test('fails for all when the read fails, and works again for the next', async () => {
    let broken = true;
    let reads = 0;
    const statesOf = async (): Promise<Map<string, OrderState>> => {
      reads += 1;
      if (broken) throw new Error('the database is away');
      return new Map([['a', 'SHIPPED']]);
    };
    const waiter = createOrderWaiter(statesOf, neverStops);
    const waits = ['a', 'b'].map((id) => waiter.wait(id, 'SHIPPED', forLong));
    for (const { status } of await Promise.allSettled(waits)) expect(status).toBe('rejected');
    const failed = reads;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(reads).toBe(failed);
    broken = false;
    await waiter.wait('a', 'SHIPPED', forLong);
  });

  test('ends at once when the service stops', async () => {
    const { states, asked, statesOf } = statesInMemory();
    states.set('a', 'PENDING');
    const stopping = new AbortController();
    const waited = createOrderWaiter(statesOf, stopping.signal).wait('a', 'PAID', forLong);
    while (asked.length === 0) await new Promise(setImmediate);
    const startMs = performance.now();
    stopping.abort();
    await waited;
    expect(performance.now() - startMs).toBeLessThan(forLong / 2);
  });

  test('has a limit', async () => {
    const { states, statesOf } = statesInMemory();
    const stopping = new AbortController();
    const waiter = createOrderWaiter(statesOf, stopping.signal);
    expect(waiter.isFull()).toBe(false);
    states.set('a', 'PENDING');
    const waits = Array.from({ length: 1_000 }, () => waiter.wait('a', 'PAID', forLong));
    expect(waiter.isFull()).toBe(true);
    stopping.abort();
    await Promise.all(waits);
    expect(waiter.isFull()).toBe(false);
  });
});
