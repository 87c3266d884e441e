import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { streamOrders, type StreamProgress } from './order-stream.ts';

test('a stream keeps its pace, sends all, and says how many were refused and why', async () => {
  const begunMs = performance.now();
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
  expect(last).toEqual({ sent: 18, refused: 2, count: 20, done: true, problem: 'no more' });
  expect(performance.now() - begunMs).toBeGreaterThan(150);
});

test('a stream has a bound on what is under way, and ends when it is stopped', async () => {
  const stopping = new AbortController();
  let underWay = 0;
  let most = 0;
  await streamOrders({
    count: 1_000,
    perSecond: 100_000,
    signal: stopping.signal,
    place: async (n) => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (n === 30) stopping.abort();
      await pause(20);
      underWay -= 1;
    },
    onProgress: () => undefined,
  });
  expect(most).toBe(16);
  expect(underWay).toBe(0);
});
