import { expect, test } from '@jest/globals';
import { report } from './report.ts';

test('the tables show what was requested, what became of it, and how long it took', () => {
  const lines = report({
    requested: { perSecond: 50, seconds: 4 },
    placed: 200,
    tookMs: 4_000,
    accepted: 198,
    refused: new Map([
      [503, 1],
      [undefined, 1],
    ]),
    final: new Map([
      ['PAYMENT_DECLINED', 8],
      ['SHIPPED', 188],
    ]),
    open: new Map([['PENDING', 2]]),
    responseMs: Array.from({ length: 100 }, (_, index) => index + 1),
    shippedAfterMs: [1_234],
  });
  expect(lines).toEqual([
    'Placed 200 orders in 4.0 s, 50.0/s; requested were 50/s for 4 s.',
    '',
    'ORDERS            COUNT  SHARE',
    'accepted          198    99.0 %',
    'refused with 503  1      0.5 %',
    'no response       1      0.5 %',
    'SHIPPED           188    94.9 %',
    'PAYMENT_DECLINED  8      4.0 %',
    'still PENDING     2      1.0 %',
    '',
    'TIME                      P50     P95     P99     MAX',
    'response to POST /orders  50 ms   95 ms   99 ms   100 ms',
    'placed to shipped         1.23 s  1.23 s  1.23 s  1.23 s',
  ]);
});

test('a load without orders has no shares and no times', () => {
  const lines = report({
    requested: { perSecond: 1, seconds: 1 },
    placed: 0,
    tookMs: 0,
    accepted: 0,
    refused: new Map(),
    final: new Map(),
    open: new Map(),
    responseMs: [],
    shippedAfterMs: [],
  });
  expect(lines.join('\n')).toMatch(/accepted\s+0\s+–[^]*placed to shipped\s+–\s+–\s+–\s+–$/u);
});
