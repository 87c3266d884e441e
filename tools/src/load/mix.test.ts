import { expect, test } from '@jest/globals';
import { defaultMix, kindsOf, parseMix } from './mix.ts';

test('any run of orders has the shares of the mix', () => {
  const next = kindsOf(parseMix('shipped=7,declined=2,cancelled=1'));
  for (let run = 0; run < 3; run += 1) {
    const counts = Map.groupBy(Array.from({ length: 10 }, next), (kind) => kind);
    expect([...counts].map(([kind, { length }]) => [kind, length])).toEqual([
      ['shipped', 7],
      ['declined', 2],
      ['cancelled', 1],
    ]);
  }
});

test('a rare kind comes neither first nor twice in a row', () => {
  const next = kindsOf(parseMix(defaultMix));
  const kinds = Array.from({ length: 100 }, next);
  expect(kinds[0]).toBe('shipped');
  expect(kinds.some((kind, index) => kind !== 'shipped' && kind === kinds[index + 1])).toBe(false);
});

test.each([
  ['', 'there is no kind ; there are shipped, declined, out-of-stock, price-changed, cancelled.'],
  ['lost=1', 'there is no kind lost; there are'],
  ['shipped', '--mix shipped : expected a whole number from 0 to 1000.'],
  ['shipped=-1', '--mix shipped -1: expected a whole number from 0 to 1000.'],
  ['shipped=1,shipped=2', 'shipped is given twice.'],
  ['shipped=0', 'all weights are 0.'],
])('the mix %j is refused', (text, sentence) => {
  expect(() => parseMix(text)).toThrow(sentence);
});
