import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decimalFromMinor, maxPriceMinor, minorFromDecimal, totalMinor } from './money.ts';
import { maxItems } from './fields.ts';

const maxQuantity = 10_000;

describe('money', () => {
  test('0.1 + 0.2 is 0.3', () => {
    const lines = [0.1, 0.2].map((price) => ({ quantity: 1, price_minor: minorFromDecimal(price)! }));
    expect(decimalFromMinor(totalMinor(lines))).toBe(0.3);
    expect(0.1 + 0.2).not.toBe(0.3);
  });

  // Another million in each run; SEED=<n> repeats one.
  const seed = Number(process.env['SEED'] ?? Date.now()) >>> 0;
  test(`the totals of a million random baskets (seed ${seed}) are those of exact arithmetic, and print with two decimals`, () => {
    // A generator of our own, and no property: a million runs have to be cheap. (mulberry32, by Tommy Ettinger)
    let state = seed;
    const below = (bound: number): number => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
    };
    let wrong = 0;
    for (let basket = 0; basket < 1_000_000; basket += 1) {
      const lines = Array.from({ length: 1 + below(4) }, () => ({
        quantity: 1 + below(maxQuantity),
        cents: below(maxPriceMinor + 1),
      }));
      const exact = lines.reduce((sum, line) => sum + BigInt(line.quantity) * BigInt(line.cents), 0n);
      // As the article's JSON has it, and as it comes in.
      const total = totalMinor(
        lines.map(({ quantity, cents }) => ({ quantity, price_minor: minorFromDecimal(cents / 100) ?? Number.NaN })),
      );
      const printed = JSON.stringify(decimalFromMinor(total));
      const [whole = '', decimals = ''] = printed.split('.');
      if (BigInt(total) !== exact || BigInt(whole + decimals.padEnd(2, '0')) !== exact) wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  test('the largest order that is accepted has an exact total', () => {
    const lines = Array.from({ length: maxItems }, () => ({ quantity: maxQuantity, price_minor: maxPriceMinor }));
    const exact = BigInt(maxItems) * BigInt(maxQuantity) * BigInt(maxPriceMinor);
    expect(BigInt(totalMinor(lines))).toBe(exact);
    expect(Number.isSafeInteger(totalMinor(lines))).toBe(true);
    expect(minorFromDecimal(decimalFromMinor(totalMinor(lines)))).toBe(totalMinor(lines));
  });

  test('every amount of minor units comes back from its decimal, through JSON too', () => {
    for (let minor = 0; minor <= 1_000_000; minor += 1) {
      if (minorFromDecimal(decimalFromMinor(minor)) !== minor) throw new Error(`${minor} does not come back`);
    }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * maxPriceMinor * maxQuantity }), (minor) => {
        const decimal = JSON.parse(JSON.stringify(decimalFromMinor(minor))) as number;
        return minorFromDecimal(decimal) === minor;
      }),
      { numRuns: 20_000 },
    );
  });

  test('every text with at most two decimals is read as written', () => {
    const amount = fc.tuple(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 99 }));
    fc.assert(
      fc.property(amount, ([whole, cents]) => {
        const text = `${whole}.${String(cents).padStart(2, '0')}`;
        return minorFromDecimal(Number(text)) === whole * 100 + cents;
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([0.001, 29.999, 29.995, 1.005, 0.1 + 0.2, 1e-7, 19.990000001])(
    '%d has more than two decimals',
    (amount) => {
      expect(minorFromDecimal(amount)).toBeUndefined();
    },
  );

  test('no amount with a third decimal is taken for another', () => {
    const third = fc.tuple(fc.integer({ min: 0, max: 100_000_000 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(third, ([cents, mills]) => {
        const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}${mills}`;
        return minorFromDecimal(Number(text)) === undefined;
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([-0.01, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e13, 1e21])('%d is no amount', (amount) => {
    expect(minorFromDecimal(amount)).toBeUndefined();
  });

  test('zero is an amount, and nothing costs nothing', () => {
    expect(minorFromDecimal(0)).toBe(0);
    expect(minorFromDecimal(-0)).toBe(0);
    expect(totalMinor([])).toBe(0);
  });
});
