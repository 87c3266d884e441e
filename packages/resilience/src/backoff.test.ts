import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { backoffMs, isOutage, OutageError, wait } from './index.ts';

describe('backing off', () => {
  const backoff = fc.record({
    firstMs: fc.integer({ min: 1, max: 1_000 }),
    maxMs: fc.integer({ min: 1, max: 60_000 }),
  });
  const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('is between half and the whole of the doubled time, and never above its limit', () => {
    fc.assert(
      fc.property(backoff, fc.nat({ max: 5_000 }), dice, (settings, attempt, random) => {
        const ms = backoffMs(settings, attempt, () => random);
        const ceilingMs = Math.min(settings.maxMs, settings.firstMs * 2 ** Math.min(attempt, 30));
        return ms >= ceilingMs / 2 && ms <= ceilingMs && ms <= settings.maxMs;
      }),
    );
  });

  test('doubles from the first wait to the longest', () => {
    const longest = [0, 1, 2, 3, 4, 5, 100].map((attempt) =>
      backoffMs({ firstMs: 100, maxMs: 2_000 }, attempt, () => 1),
    );
    expect(longest).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test('keeps replicas apart that failed together', () => {
    const waits = Array.from({ length: 100 }, () => backoffMs({ firstMs: 100, maxMs: 2_000 }, 3));
    expect(new Set(waits).size).toBeGreaterThan(50);
  });
});

describe('an outage', () => {
  test('is recognised by a field, from whatever realm it comes', () => {
    expect(isOutage(new OutageError('kafka', new Error('no leader')))).toBe(true);
    expect(isOutage({ outage: true })).toBe(true);
    for (const fault of [new Error('outage'), { outage: 'true' }, null, undefined, 'outage', 7]) {
      expect(isOutage(fault)).toBe(false);
    }
  });

  test('names the dependency, and keeps its cause', () => {
    const cause = new Error('no leader');
    expect(new OutageError('kafka', cause)).toMatchObject({ message: 'kafka unavailable: no leader', cause });
    expect(new OutageError('mongodb', 'closed').message).toBe('mongodb unavailable: closed');
  });
});

describe('waiting', () => {
  test('takes its time', async () => {
    const startMs = performance.now();
    await wait(30);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(29);
  });

  test('is cut short by the signal, with its reason', async () => {
    const stop = new AbortController();
    const waiting = wait(60_000, stop.signal);
    const reason = new Error('the service stops');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(wait(60_000, stop.signal)).rejects.toBe(reason);
  });
});
