import { expect, jest, test } from '@jest/globals';
import { drainedAt, predictBurst } from './burst.ts';
import { spec } from './suite.ts';

jest.setTimeout(120_000);

test('a burst counts as worked off when its lag has fallen for good', () => {
  const lags = [0, 900, 5, 700, 8, 0, 0];
  const timeline = lags.map((lag, atSeconds) => ({ atSeconds, lag }));
  expect(drainedAt(timeline, 10)).toBe(4);
  expect(drainedAt(timeline.slice(0, 4), 10)).toBe(Infinity);
});

test('a burst is worked off the later, the later pods start and the slower they are', () => {
  const burst = { records: 9_000, arrivalPerSecond: 0, replicaPerSecond: 40 };
  const usual = predictBurst(spec, burst);
  expect(usual.changes[0]).toMatchObject({ replicas: 12 });
  expect(usual.longestSeconds).toBeGreaterThanOrEqual(usual.drainSeconds);
  // Twelve cannot be faster than this, and one alone would take this long.
  expect(usual.shortestSeconds).toBeGreaterThan(9_000 / (12 * 40));
  expect(usual.longestSeconds).toBeLessThan(9_000 / 40);
  const late = predictBurst(spec, { ...burst, podStartSeconds: [90, 100] });
  const slow = predictBurst(spec, { ...burst, replicaPerSecond: 20 });
  expect(late.drainSeconds).toBeGreaterThan(usual.drainSeconds + 20);
  expect(slow.drainSeconds).toBeGreaterThan(usual.drainSeconds);
});

test('how long the burst itself took can be said second by second', () => {
  const within = (seconds: number) => Array.from({ length: seconds }, () => 9_000 / seconds);
  const base = { arrivalPerSecond: 0, replicaPerSecond: 40 };
  const short = predictBurst(spec, { ...base, records: within(5) });
  expect(short).toEqual(predictBurst(spec, { ...base, records: 9_000 }));
  // All but a hundredth, which may be what arrives last.
  expect(predictBurst(spec, { ...base, records: within(120) }).drainSeconds).toBeGreaterThan(110);
});

test('what follows from a record comes when that is worked off, so less is seen to wait at first', () => {
  const base = { arrivalPerSecond: 0, replicaPerSecond: 20, partitions: 36 };
  const atOnce = predictBurst(spec, { ...base, records: 4_500 });
  const following = predictBurst(spec, { ...base, records: 1_500, followers: 2 });
  expect(following.changes[0]!.replicas).toBeLessThanOrEqual(atOnce.changes[0]!.replicas);
  // All three thousand that follow were worked off as well: with twelve it takes this long at least.
  expect(following.shortestSeconds).toBeGreaterThan((4_500 * 0.99) / (12 * 21));
  expect(following.drainSeconds).toBeGreaterThan(predictBurst(spec, { ...base, records: 1_500 }).drainSeconds);
});
