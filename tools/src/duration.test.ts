import { expect, test } from '@jest/globals';
import { duration } from './duration.ts';

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [61_000, '1 min'],
  [7_199_999, '1 h'],
  [172_800_000, '2 d'],
])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));
