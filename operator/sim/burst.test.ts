import { expect, jest, test } from '@jest/globals';
import { drainedAt, predictBurst } from './burst.ts';
import { spec } from './suite.ts';

jest.setTimeout(120_000);

test('a burst counts as drained when its lag falls below the limit for the last time', () => {
  const lags = [0, 900, 5, 700, 8, 0, 0];
  const timeline = lags.map((lag, atSeconds) => ({ atSeconds, lag }));
  expect(drainedAt(timeline, 10)).toBe(4);
  expect(drainedAt(timeline.slice(0, 4), 10)).toBe(Infinity);
});

test('a burst takes longer to drain with pods that start later or process less', () => {
  const burst = { records: 9_000, arrivalPerSecond: 0, replicaPerSecond: 40 };
  const typical = predictBurst(spec, burst);
  expect(typical.changes[0]).toMatchObject({ replicas: 12 });
  expect(typical.longestSeconds).toBeGreaterThanOrEqual(typical.drainSeconds);
  // Twelve replicas cannot be faster than the first, and one replica would take the second.
  expect(typical.shortestSeconds).toBeGreaterThan(9_000 / (12 * 40));
  expect(typical.longestSeconds).toBeLessThan(9_000 / 40);
  const late = predictBurst(spec, { ...burst, podStartSeconds: [90, 100] });
  const slow = predictBurst(spec, { ...burst, replicaPerSecond: 20 });
  expect(late.drainSeconds).toBeGreaterThan(typical.drainSeconds + 20);
  expect(slow.drainSeconds).toBeGreaterThan(typical.drainSeconds);
});

test('the duration of the burst can be given second by second', () => {
  const within = (seconds: number) => Array.from({ length: seconds }, () => 9_000 / seconds);
  const base = { arrivalPerSecond: 0, replicaPerSecond: 40 };
  const short = predictBurst(spec, { ...base, records: within(5) });
  expect(short).toEqual(predictBurst(spec, { ...base, records: 9_000 }));
  // All but a hundredth, which may arrive last.
  expect(predictBurst(spec, { ...base, records: within(120) }).drainSeconds).toBeGreaterThan(110);
});

test('a record that follows from another one arrives once that is processed, so the lag is smaller at first', () => {
  const base = { arrivalPerSecond: 0, replicaPerSecond: 20, partitions: 36 };
  const atOnce = predictBurst(spec, { ...base, records: 4_500 });
  const following = predictBurst(spec, { ...base, records: 1_500, followers: 2 });
  expect(following.changes[0]!.replicas).toBeLessThanOrEqual(atOnce.changes[0]!.replicas);
  // The three thousand records that follow are processed as well: with twelve replicas it takes at least this long.
  expect(following.shortestSeconds).toBeGreaterThan((4_500 * 0.99) / (12 * 21));
  expect(following.drainSeconds).toBeGreaterThan(predictBurst(spec, { ...base, records: 1_500 }).drainSeconds);
});
