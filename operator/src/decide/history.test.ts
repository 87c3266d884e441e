import { describe, expect, test } from '@jest/globals';
import { arrivals } from './arrivals.ts';
import { addSample, emptyHistory, type History } from './history.ts';
import { throughput } from './throughput.ts';

const pollSeconds = 10;
type Point = { end: number; committed: number | null };
const lagsOf = (points: Point[]) =>
  points.map(({ end, committed }, partition) => ({
    topic: 'orders',
    partition,
    endOffset: end,
    committedOffset: committed,
    lag: end - (committed ?? end),
    late: 0,
  }));
/** One sample per poll; each partition its own member, or the owners given. */
function historyOf(
  looks: Point[][],
  owners: readonly number[] | null = looks[0]?.map((_, index) => index) ?? [],
): History {
  return looks.reduce(
    (history, points, look) => addSample(history, look * pollSeconds, lagsOf(points), owners, pollSeconds),
    emptyHistory,
  );
}
const arrivalsAfter = (ends: number[], secondsSince = pollSeconds) => {
  const earlier = historyOf(ends.slice(0, -1).map((end) => [{ end, committed: 0 }]));
  const at = (ends.length - 2) * pollSeconds + secondsSince;
  return arrivals(earlier, at, lagsOf([{ end: ends.at(-1) ?? 0, committed: 0 }]), pollSeconds);
};

describe('arrival rates over a window', () => {
  test('are unknown until there is a second look', () => {
    expect(arrivals(emptyHistory, 0, lagsOf([{ end: 5, committed: 0 }]), pollSeconds)).toBeUndefined();
  });

  test('are the mean over the window while what comes differs by chance only', () => {
    expect(arrivalsAfter([0, 1000, 1980, 3020, 4000])).toEqual({ perSecond: [100], shifted: false, jumped: false });
  });

  test('follow a jump at once, and call it one', () => {
    expect(arrivalsAfter([0, 1000, 2000, 3000, 9000])).toEqual({ perSecond: [600], shifted: true, jumped: true });
  });

  test('see the height of a jump in a few seconds', () => {
    expect(arrivalsAfter([0, 1000, 2000, 3000, 5400], 4)?.perSecond).toEqual([600]);
  });

  test('do not take the records that producers kept during an outage for a new rate', () => {
    const before = historyOf([[{ end: 0, committed: 0 }], [{ end: 1000, committed: 0 }]]);
    const back = addSample(before, 210, lagsOf([{ end: 1000, committed: 0 }]), null, pollSeconds);
    // 200 s of 100/s arrive within 10 s.
    const perSecond = arrivals(back, 220, lagsOf([{ end: 22_000, committed: 0 }]), pollSeconds)?.perSecond;
    expect(perSecond).toEqual([100]);
  });

  test('begin anew with a topic that was created anew', () => {
    const history = historyOf([[{ end: 5000, committed: 0 }], [{ end: 6000, committed: 0 }]]);
    expect(arrivals(history, 20, lagsOf([{ end: 10, committed: 0 }]), pollSeconds)).toBeUndefined();
    expect(addSample(history, 20, lagsOf([{ end: 10, committed: 0 }]), null, pollSeconds).samples).toHaveLength(1);
  });
});

describe('capacity is learned only from replicas that are behind', () => {
  const keepsUp = [0, 1, 2, 3].map((look) => ({ end: look * 300, committed: look * 300 }));
  const isBehind = [0, 1, 2, 3].map((look) => ({ end: look * 5000, committed: look * 1000 }));
  const pairs = (a: Point[], b: Point[]) => a.map((point, look) => [point, b[look] ?? point]);

  test('a replica that keeps up shows the arrival rate, which is only proof of that much', () => {
    expect(throughput(historyOf(keepsUp.map((point) => [point])))).toMatchObject({
      capacityPerSecond: undefined,
      provenPerSecond: 30,
      behind: false,
    });
  });

  test('a replica that is behind shows its capacity, beside one that keeps up', () => {
    expect(throughput(historyOf(pairs(keepsUp, isBehind)))).toMatchObject({
      capacityPerSecond: 100,
      behind: true,
      busySeconds: 20,
    });
  });

  test('what a replica does for its other partitions counts too', () => {
    expect(throughput(historyOf(pairs(keepsUp, isBehind), [0, 0])).capacityPerSecond).toBe(130);
  });

  test('a replica that makes no progress is stuck and not slow', () => {
    const stuck = [0, 1, 2, 3].map((look) => ({ end: look * 1000, committed: 0 }));
    expect(throughput(historyOf(pairs(isBehind, stuck))).capacityPerSecond).toBe(100);
    expect(throughput(historyOf(stuck.map((point) => [point])))).toMatchObject({
      capacityPerSecond: undefined,
      stalled: true,
    });
  });

  test('nothing is learned while the group is not settled, nor across a change of owners', () => {
    expect(
      throughput(
        historyOf(
          isBehind.map((point) => [point]),
          null,
        ),
      ).capacityPerSecond,
    ).toBeUndefined();
    const twoMembers = historyOf(pairs(isBehind, keepsUp));
    const changed = addSample(
      twoMembers,
      40,
      lagsOf([
        { end: 20_000, committed: 9000 },
        { end: 1200, committed: 1200 },
      ]),
      [0, 0],
      pollSeconds,
    );
    expect(throughput(changed)).toMatchObject({ capacityPerSecond: undefined, seconds: 0 });
  });
});
