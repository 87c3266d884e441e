import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { keepPace } from './pace.ts';

const signal = new AbortController().signal;

test('work is due at the rate, and nothing starts before it is due', async () => {
  const startMs = performance.now();
  const dueMs: number[] = [];
  const done = await keepPace({ perSecond: 200, count: 20, maxInFlight: 100, signal }, async (_, dueAtMs) => {
    expect(performance.now()).toBeGreaterThanOrEqual(dueAtMs);
    dueMs.push(dueAtMs);
  });
  expect(done).toBe(20);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(95);
  expect(dueMs.at(-1)! - dueMs[0]!).toBeCloseTo(95);
});

test('work in flight is limited, and work that waits for that keeps its due time', async () => {
  let inFlight = 0;
  let most = 0;
  let lateMs = 0;
  await keepPace({ perSecond: 1_000, count: 12, maxInFlight: 3, signal }, async (_, dueAtMs) => {
    most = Math.max(most, (inFlight += 1));
    lateMs = performance.now() - dueAtMs;
    await pause(20);
    inFlight -= 1;
  });
  expect(most).toBe(3);
  expect(lateMs).toBeGreaterThan(30);
});

test('a stop lets work in flight finish and starts nothing else', async () => {
  const stopping = new AbortController();
  let finished = 0;
  const done = await keepPace(
    { perSecond: 100, count: 1_000_000, maxInFlight: 10, signal: stopping.signal },
    async (number) => {
      if (number === 4) stopping.abort();
      await pause(10);
      finished += 1;
    },
  );
  expect(done).toBe(5);
  expect(finished).toBe(5);
});
