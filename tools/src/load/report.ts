/** The result of a load as text. Pure. */
import type { OrderState } from '@order-pipeline/events/order-lifecycle';
import { table } from '../command-line.ts';

export interface LoadResult {
  readonly requested: { readonly perSecond: number; readonly seconds: number };
  /** Orders that were sent, and in what time. */
  readonly placed: number;
  readonly tookMs: number;
  readonly accepted: number;
  /** By the status of the response; `undefined` for no response. */
  readonly refused: ReadonlyMap<number | undefined, number>;
  readonly final: ReadonlyMap<OrderState, number>;
  readonly open: ReadonlyMap<OrderState, number>;
  /** From when an order was due to be placed until its response. */
  readonly responseMs: readonly number[];
  readonly shippedAfterMs: readonly number[];
}

export function report(result: LoadResult): string[] {
  const { requested, placed, tookMs, responseMs, shippedAfterMs } = result;
  const times = [
    ['TIME', 'P50', 'P95', 'P99', 'MAX'],
    ['response to POST /orders', ...quantiles(responseMs)],
    ['placed to shipped', ...quantiles(shippedAfterMs)],
  ];
  const reached = tookMs === 0 ? 0 : (placed * 1_000) / tookMs;
  return [
    `Placed ${placed} orders in ${(tookMs / 1_000).toFixed(1)} s, ${reached.toFixed(1)}/s; ` +
      `requested were ${requested.perSecond}/s for ${requested.seconds} s.`,
    '',
    ...table(orderRows(result)),
    '',
    ...table(times),
  ];
}

function orderRows({ placed, accepted, refused, final, open }: LoadResult): string[][] {
  const row = (name: string, count: number, of: number): string[] => [name, String(count), share(count, of)];
  return [
    ['ORDERS', 'COUNT', 'SHARE'],
    row('accepted', accepted, placed),
    ...[...refused].map(([status, count]) =>
      row(status === undefined ? 'no response' : `refused with ${status}`, count, placed),
    ),
    ...[...final].toSorted(byCount).map(([state, count]) => row(state, count, accepted)),
    ...[...open].toSorted(byCount).map(([state, count]) => row(`still ${state}`, count, accepted)),
  ];
}

function byCount(a: readonly [unknown, number], b: readonly [unknown, number]): number {
  return b[1] - a[1];
}

function share(count: number, of: number): string {
  return of === 0 ? '–' : `${((100 * count) / of).toFixed(1)} %`;
}

function quantiles(sampleMs: readonly number[]): string[] {
  const sorted = Float64Array.from(sampleMs).toSorted();
  return [0.5, 0.95, 0.99, 1].map((quantile) => {
    const ms = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)];
    return ms === undefined ? '–' : preciseDuration(ms);
  });
}

function preciseDuration(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
