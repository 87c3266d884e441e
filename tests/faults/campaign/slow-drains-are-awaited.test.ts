import { describe, expect, test } from '@jest/globals';
import { waitUntilDrained, type Backlog } from './backlog.ts';

const limits = { pollMs: 5, logEveryMs: 100, stallLimitMs: 200, overallMs: 20_000 };
const backlog = (openOrders: number, lag: number): Backlog => ({
  openOrders,
  lag,
  pending: openOrders + lag > 0 ? [`${openOrders} open, lag ${lag}`] : [],
});
const silent = (): void => undefined;

/** Shrinks by one each millisecond, by the clock: on a busy machine a rare poll still sees progress. */
function shrinking(ms: number): () => number {
  const endMs = performance.now() + ms;
  return () => Math.max(0, Math.ceil(endMs - performance.now()));
}

describe('after its faults a pipeline', () => {
  test.each<[string, (left: number) => Backlog]>([
    ['has fewer open orders, although its lag grows', (left) => backlog(left, left === 0 ? 0 : 2_000 - left)],
    ['has less lag, although no order becomes final', (left) => backlog(left === 0 ? 0 : 7, left)],
  ])('is awaited as long as it %s, and its backlog is logged now and then', async (_, read) => {
    const left = shrinking(5 * limits.stallLimitMs);
    const logged: string[] = [];
    expect(
      await waitUntilDrained(
        async () => read(left()),
        (line) => logged.push(line),
        limits,
      ),
    ).toEqual([]);
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.length).toBeLessThanOrEqual((5 * limits.stallLimitMs) / limits.logEveryMs);
    expect(logged[0]).toMatch(/^not drained yet: \d+ open, lag \d+$/u);
  });

  test('is given up when it stalls, even if its lag goes up and down', async () => {
    let reads = 0;
    const pending = await waitUntilDrained(async () => backlog(3, 10 + ((reads += 1) % 5)), silent, limits);
    expect(pending).toEqual([expect.stringMatching(/^3 open, lag 1\d$/u)]);
  });

  test('is given up at the overall limit, however steadily it shrinks', async () => {
    const left = shrinking(60_000);
    const pending = await waitUntilDrained(async () => backlog(left(), 0), silent, { ...limits, overallMs: 300 });
    expect(pending).toEqual([expect.stringContaining(' open, lag 0')]);
  });

  test('may be unreadable for a while, but not permanently', async () => {
    let reads = 0;
    const read = async (): Promise<Backlog> => {
      if ((reads += 1) < 3) throw new Error('no primary');
      return backlog(0, 0);
    };
    expect(await waitUntilDrained(read, silent, { ...limits, stallLimitMs: 20_000 })).toEqual([]);
    expect(await waitUntilDrained(async () => Promise.reject(new Error('no primary')), silent, limits)).toEqual([
      'the backlog cannot be read: Error: no primary',
    ]);
  });
});
