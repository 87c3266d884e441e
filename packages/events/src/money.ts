/**
 * Money is an integer count of minor units (cents) with an ISO 4217 code. Decimals exist at the HTTP edge only, where
 * the article's JSON has them.
 */
export const currency = 'USD';

/** One million in the major unit: with at most 100 lines of 10,000 pieces every sum stays a safe integer. */
export const maxPriceMinor = 100_000_000;

/**
 * Minor units of a decimal amount, or undefined when it is not a non-negative number with at most two decimals.
 * A JSON number such as 29.99 is the double nearest to it; toFixed(2) finds the two-decimal text of that double, and
 * reading the text back gives the same double only if there were no further decimals.
 */
export function minorFromDecimal(amount: number): number | undefined {
  if (!Number.isFinite(amount) || amount < 0 || amount >= 1e13) return undefined;
  const text = amount.toFixed(2);
  if (Number(text) !== amount) return undefined;
  return Number(text.replace('.', ''));
}

/** The decimal of minor units, correctly rounded, so that JSON prints at most two decimals. */
export const decimalFromMinor = (minor: number): number => minor / 100;

/** The sum of quantity × price over the lines of an order, in minor units. */
export const totalMinor = (lines: readonly { quantity: number; price_minor: number }[]): number =>
  lines.reduce((sum, line) => sum + line.quantity * line.price_minor, 0);
