export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The longest time in which no order became final although some were open, given when each was placed and became final.
 * Time without an open order is no stall.
 */
export function longestStallMs(orders: readonly Span[]): number {
  const byEnd = orders.toSorted((a, b) => a.toMs - b.toMs);
  let longest = 0;
  // Backwards from the last one: the orders that are open before a time are those that become final then or later.
  let oldestOpenMs = Infinity;
  for (let index = byEnd.length - 1; index >= 0; index -= 1) {
    const { fromMs, toMs } = byEnd[index]!;
    oldestOpenMs = Math.min(oldestOpenMs, fromMs);
    const sinceMs = Math.max(byEnd[index - 1]?.toMs ?? -Infinity, oldestOpenMs);
    longest = Math.max(longest, toMs - sinceMs);
  }
  return longest;
}
