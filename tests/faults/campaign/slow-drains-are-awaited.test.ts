import { describe, expect, test } from '@jest/globals';
import { waitForRest, type Backlog } from './backlog.ts';

const patience = { lookEveryMs: 5, sayEveryMs: 100, standstillMs: 200, overallMs: 20_000 };
const backlog = (openOrders: number, lag: number): Backlog => ({
  openOrders,
  lag,
  left: openOrders + lag > 0 ? [`${openOrders} open, ${lag} behind`] : [],
});
const silent = (): void => undefined;

/** A millisecond of work for each of `ms`, by the clock: a busy machine that looks seldom sees it shrink all the same. */
function shrinking(ms: number): () => number {
  const endMs = performance.now() + ms;
  return () => Math.max(0, Math.ceil(endMs - performance.now()));
}

describe('a pipeline after its faults', () => {
  test.each<[string, (left: number) => Backlog]>([
    ['has fewer open orders, although its lag grows', (left) => backlog(left, left === 0 ? 0 : 2_000 - left)],
    ['has less lag, although no order ends', (left) => backlog(left === 0 ? 0 : 7, left)],
  ])('is waited for as long as it %s, and what is left is said now and then', async (_, look) => {
    const left = shrinking(5 * patience.standstillMs);
    const said: string[] = [];
    expect(
      await waitForRest(
        async () => look(left()),
        (line) => said.push(line),
        patience,
      ),
    ).toEqual([]);
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThanOrEqual((5 * patience.standstillMs) / patience.sayEveryMs);
    expect(said[0]).toMatch(/^not at rest yet: \d+ open, \d+ behind$/u);
  });

  test('is given up at a standstill, be it that its lag goes up and down', async () => {
    let looks = 0;
    const left = await waitForRest(async () => backlog(3, 10 + ((looks += 1) % 5)), silent, patience);
    expect(left).toEqual([expect.stringMatching(/^3 open, 1\d behind$/u)]);
  });

  test('is given up in the end, however steadily it shrinks', async () => {
    const left = shrinking(60_000);
    const given = await waitForRest(async () => backlog(left(), 0), silent, { ...patience, overallMs: 300 });
    expect(given).toEqual([expect.stringContaining(' open, 0 behind')]);
  });

  test('may be beyond asking for a while, but not for good', async () => {
    let looks = 0;
    const look = async (): Promise<Backlog> => {
      if ((looks += 1) < 3) throw new Error('away');
      return backlog(0, 0);
    };
    expect(await waitForRest(look, silent, { ...patience, standstillMs: 20_000 })).toEqual([]);
    expect(await waitForRest(async () => Promise.reject(new Error('away')), silent, patience)).toEqual([
      'the backlog cannot be read: Error: away',
    ]);
  });
});
