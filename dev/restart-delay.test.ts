import { describe, expect, test } from '@jest/globals';
import { assert, double, nat, property } from 'fast-check';
import { restartDelayMs } from './restart-delay.ts';

describe('a service that keeps ending', () => {
  test('is started again after 1 s, then after twice as long each time, and at last every 30 s', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 1_000].map((ends) => restartDelayMs(ends, () => 0));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('waits up to half as much again, and never less than 1 s or more than 30 s', () => {
    assert(
      property(nat({ max: 10_000 }), double({ min: 0, max: 0.999, noNaN: true }), (ends, random) => {
        const exact = restartDelayMs(ends, () => 0);
        const delay = restartDelayMs(ends, () => random);
        expect(delay).toBeGreaterThanOrEqual(exact);
        expect(delay).toBeLessThanOrEqual(Math.min(30_000, exact * 1.5));
      }),
    );
  });
});
