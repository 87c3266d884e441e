import { expect, test } from '@jest/globals';
import { RateMeter } from './rates.ts';

test('a rate is the mean of complete seconds and decreases when nothing is counted', () => {
  const meter = new RateMeter(10);
  meter.add(6, 1_000);
  meter.add(3, 2_999);
  expect(meter.perSecond(3, 3_000)).toBe(3);
  expect(meter.perSecond(3, 6_000)).toBe(0);
});

test('the history has one count per complete second, the oldest first', () => {
  const meter = new RateMeter(4);
  meter.add(1, 10_000);
  meter.add(2, 11_000);
  expect(meter.history(12_000)).toEqual([0, 1, 2]);
  expect(meter.history(1_000_000)).toEqual([0, 0, 0]);
});
