import { describe, expect, test } from '@jest/globals';
import { failedIn, increase } from './gateway-watch.ts';
import { createRandom } from './random.ts';
import { longestStallMs } from './stall.ts';
import { asSetting, largestLeadMs, wrongClocks } from './wrong-clocks.ts';

describe('the longest stall', () => {
  const span = (fromMs: number, toMs: number) => ({ fromMs, toMs });

  test.each([
    ['of no orders is none', [], 0],
    ['of one order is its own time', [span(5, 30)], 25],
    ['is no time in which nothing was open', [span(0, 10), span(1_000, 1_020)], 20],
    ['is counted from the last end while others are open', [span(0, 100), span(0, 250), span(90, 300)], 150],
    ['is counted from when the oldest open order was placed', [span(0, 10), span(40, 90), span(50, 60)], 30],
    ['does not depend on the order in which it is told', [span(90, 300), span(0, 250), span(0, 100)], 150],
  ])('%s', (_, spans, expected) => expect(longestStallMs(spans)).toBe(expected));
});

describe('the faults of the gateway', () => {
  test('are read from the metrics of both operations, and nothing else is', () => {
    const line = (labels: string, count: number) => `payment_gateway_call_duration_seconds_count{${labels}} ${count}`;
    const metrics = [
      line('operation="charge",outcome="captured",service="payment"', 90),
      line('operation="charge",outcome="failed",service="payment"', 3),
      line('operation="void",outcome="failed",service="payment"', 4),
      'payment_gateway_call_duration_seconds_sum{operation="void",outcome="failed"} 55',
    ].join('\n');
    expect(failedIn(metrics)).toBe(7);
  });

  test.each([
    [3, 5, 2],
    [5, 5, 0],
    [5, 2, 2],
  ])('went from %d to %d: %d more, a restart begins at zero', (before, now, more) =>
    expect(increase(before, now)).toBe(more),
  );
});

describe('the wrong clocks', () => {
  test.each([1, 2, 20_261_122])('of seed %d are the same again, and as wrong as the campaign is long', (seed) => {
    const clocks = (seconds: number) => wrongClocks(createRandom(seed).fork('clocks'), seconds);
    expect(clocks(60)).toEqual(clocks(60));
    expect(clocks(60).size).toBe(3);
    for (const ms of clocks(60).values()) expect(Math.abs(ms)).toBeLessThanOrEqual(9_000);
    for (const ms of clocks(1_200).values()) expect(Math.abs(ms)).toBeLessThanOrEqual(45_000);
  });

  test('are told to each process, and the largest lead is known', () => {
    const clocks = new Map([
      ['payment-1', -9_000],
      ['shipment-2', 4_000],
    ]);
    expect(asSetting(clocks)).toBe('payment-1=-9000,shipment-2=4000');
    expect(largestLeadMs(clocks)).toBe(4_000);
    expect(largestLeadMs(new Map([['payment-1', -9_000]]))).toBe(0);
  });
});
