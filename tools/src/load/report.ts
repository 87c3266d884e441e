/** What a load came to, for people. Pure. */
import type { OrderState } from '@order-pipeline/events/order-lifecycle';
import { table } from '../command-line.ts';

export interface LoadResult {
  readonly asked: { readonly perSecond: number; readonly seconds: number };
  /** Orders that were sent, and in what time. */
  readonly placed: number;
  readonly tookMs: number;
  readonly accepted: number;
  /** By the status of the answer; `undefined` for no answer. */
  readonly refused: ReadonlyMap<number | undefined, number>;
  readonly ended: ReadonlyMap<OrderState, number>;
  readonly open: ReadonlyMap<OrderState, number>;
  /** From when an order was due to be placed until its answer. */
  readonly answeredAfterMs: readonly number[];
  readonly shippedAfterMs: readonly number[];
}

export function report(result: LoadResult): string[] {
  const { asked, placed, tookMs, accepted, refused, ended, open } = result;
  const share = (count: number, of: number): string => (of === 0 ? '–' : `${((100 * count) / of).toFixed(1)} %`);
  const row = (name: string, count: number, of: number): string[] => [name, String(count), share(count, of)];
  const orders = [
    ['ORDERS', 'COUNT', 'SHARE'],
    row('accepted', accepted, placed),
    ...[...refused].map(([status, count]) =>
      row(status === undefined ? 'not answered' : `refused with ${status}`, count, placed),
    ),
    ...[...ended].toSorted(byCount).map(([state, count]) => row(state, count, accepted)),
    ...[...open].toSorted(byCount).map(([state, count]) => row(`still ${state}`, count, accepted)),
  ];
  const times = [
    ['TIME', 'P50', 'P95', 'P99', 'LONGEST'],
    ['answer to POST /orders', ...quantiles(result.answeredAfterMs)],
    ['placed to shipped', ...quantiles(result.shippedAfterMs)],
  ];
  const reached = tookMs === 0 ? 0 : (placed * 1_000) / tookMs;
  return [
    `${placed} orders were placed in ${(tookMs / 1_000).toFixed(1)} s, ${reached.toFixed(1)}/s; asked for were ${asked.perSecond}/s for ${asked.seconds} s.`,
    '',
    ...table(orders),
    '',
    ...table(times),
  ];
}

const byCount = (a: readonly [unknown, number], b: readonly [unknown, number]): number => b[1] - a[1];

function quantiles(sampleMs: readonly number[]): string[] {
  const sorted = Float64Array.from(sampleMs).toSorted();
  return [0.5, 0.95, 0.99, 1].map((share) => {
    const ms = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    return ms === undefined ? '–' : span(ms);
  });
}

const span = (ms: number): string =>
  ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
