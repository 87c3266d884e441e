import { expect, test } from '@jest/globals';
import { lagOfPartition } from './group-lag.ts';

test.each([
  ['all that is kept, without a commit', 3n, 10n, undefined, 7n],
  ['what follows the committed offset', 3n, 10n, 8n, 2n],
  ['nothing at the end', 3n, 10n, 10n, 0n],
  ['what was committed and no longer kept, too', 3n, 10n, 1n, 9n],
])('counts %s', (_, low, end, committed, lag) => {
  expect(lagOfPartition({ low, end }, committed)).toBe(lag);
});
