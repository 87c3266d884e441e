import { expect, test } from '@jest/globals';
import { sampleEvents } from '@order-pipeline/events';
import type { Handler } from '../consumer/handler.ts';
import { withSimulatedWork } from './simulated-work.ts';

const { placed } = sampleEvents();
const events = Array.from({ length: 6 }, (_, offset) => ({
  event: placed,
  topic: placed.type,
  partition: 0,
  offset: String(offset),
}));
const answering: Handler = async (received) => received.map(({ event }) => event);

test('is no middleware at all without work', () => {
  expect(withSimulatedWork({ workMs: 0, concurrency: 1 }, answering)).toBe(answering);
});

test.each([
  [1, 6],
  [2, 3],
  [4, 2],
  [100, 1],
])('with %d at once, six events take %d times the work', async (concurrency, times) => {
  const startMs = performance.now();
  const outcomes = await withSimulatedWork({ workMs: 20, concurrency }, answering)(events);
  const tookMs = performance.now() - startMs;
  expect(outcomes).toHaveLength(6);
  expect(tookMs).toBeGreaterThanOrEqual(times * 20 - times);
});

test('takes place for as many events at once as configured', async () => {
  const startMs = performance.now();
  await withSimulatedWork({ workMs: 300, concurrency: 6 }, answering)(events);
  // One after the other they would take at least six times the work.
  expect(performance.now() - startMs).toBeLessThan(1_800);
});

test('does not block the loop', async () => {
  let turns = 0;
  const working = withSimulatedWork({ workMs: 20, concurrency: 1 }, answering)(events);
  const counting = setInterval(() => (turns += 1), 1);
  await working;
  clearInterval(counting);
  expect(turns).toBeGreaterThanOrEqual(3);
});
