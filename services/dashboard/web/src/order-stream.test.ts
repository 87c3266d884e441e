import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { streamOrders, type StreamProgress } from './order-stream.ts';

test('keeps its rate, places all orders, and reports how many failed and why', async () => {
  const startedMs = performance.now();
  const placed: number[] = [];
  let last: StreamProgress | undefined;
  await streamOrders({
    count: 20,
    perSecond: 100,
    signal: new AbortController().signal,
    place: async (n) => {
      placed.push(n);
      if (n % 10 === 0) throw new Error('no more');
    },
    onProgress: (progress) => (last = progress),
  });
  expect(placed).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(last).toEqual({ sent: 18, failed: 2, count: 20, done: true, problem: 'no more' });
  expect(performance.now() - startedMs).toBeGreaterThan(150);
});

test('limits the orders in flight, and ends when it is stopped', async () => {
  const stopping = new AbortController();
  let inFlight = 0;
  let most = 0;
  await streamOrders({
    count: 1_000,
    perSecond: 100_000,
    signal: stopping.signal,
    place: async (n) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      if (n === 30) stopping.abort();
      await pause(20);
      inFlight -= 1;
    },
    onProgress: () => undefined,
  });
  expect(most).toBe(16);
  expect(inFlight).toBe(0);
});
