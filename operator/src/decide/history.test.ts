import { describe, expect, test } from '@jest/globals';
import { measureArrivals } from './arrivals.ts';
import { addSample, emptyHistory, type History } from './history.ts';
import { measureThroughput } from './throughput.ts';

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
/** One sample per poll; each partition has a member of its own, or the given owner. */
function historyOf(
  points: Point[][],
  owners: readonly number[] | null = points[0]?.map((_, index) => index) ?? [],
): History {
  return points.reduce(
    (history, sample, index) => addSample(history, index * pollSeconds, lagsOf(sample), owners, pollSeconds),
    emptyHistory,
  );
}
const arrivalsAfter = (ends: number[], secondsSince = pollSeconds) => {
  const earlier = historyOf(ends.slice(0, -1).map((end) => [{ end, committed: 0 }]));
  const at = (ends.length - 2) * pollSeconds + secondsSince;
  return measureArrivals(earlier, at, lagsOf([{ end: ends.at(-1) ?? 0, committed: 0 }]), pollSeconds);
};

describe('arrival rates over a window', () => {
  test('are unknown until the second sample', () => {
    expect(measureArrivals(emptyHistory, 0, lagsOf([{ end: 5, committed: 0 }]), pollSeconds)).toBeUndefined();
  });

  test('are the mean over the window while the intervals differ by chance only', () => {
    expect(arrivalsAfter([0, 1000, 1980, 3020, 4000])).toEqual({ perSecond: [100], shifted: false, jumped: false });
  });

  test('follow a jump at once, and report it', () => {
    expect(arrivalsAfter([0, 1000, 2000, 3000, 9000])).toEqual({ perSecond: [600], shifted: true, jumped: true });
  });

  test('show the new level within a few seconds of a jump', () => {
    expect(arrivalsAfter([0, 1000, 2000, 3000, 5400], 4)?.perSecond).toEqual([600]);
  });

  test('exclude the records that producers buffered during an outage', () => {
    const before = historyOf([[{ end: 0, committed: 0 }], [{ end: 1000, committed: 0 }]]);
    const back = addSample(before, 210, lagsOf([{ end: 1000, committed: 0 }]), null, pollSeconds);
    // 200 s of 100/s arrive within 10 s.
    const perSecond = measureArrivals(back, 220, lagsOf([{ end: 22_000, committed: 0 }]), pollSeconds)?.perSecond;
    expect(perSecond).toEqual([100]);
  });

  test('start from scratch when a topic was recreated', () => {
    const history = historyOf([[{ end: 5000, committed: 0 }], [{ end: 6000, committed: 0 }]]);
    expect(measureArrivals(history, 20, lagsOf([{ end: 10, committed: 0 }]), pollSeconds)).toBeUndefined();
    expect(addSample(history, 20, lagsOf([{ end: 10, committed: 0 }]), null, pollSeconds).samples).toHaveLength(1);
  });
});

describe('capacity is learned only from saturated replicas', () => {
  const keepsUp = [0, 300, 600, 900].map((offset) => ({ end: offset, committed: offset }));
  const saturated = [0, 1, 2, 3].map((index) => ({ end: index * 5000, committed: index * 1000 }));
  const pairs = (a: Point[], b: Point[]) => a.map((point, index) => [point, b[index] ?? point]);

  test('a replica that keeps up shows the arrival rate, which is a lower bound', () => {
    expect(measureThroughput(historyOf(keepsUp.map((point) => [point])))).toMatchObject({
      capacityPerSecond: undefined,
      provenPerSecond: 30,
      saturated: false,
    });
  });

  test('a saturated replica shows its capacity, beside one that keeps up', () => {
    expect(measureThroughput(historyOf(pairs(keepsUp, saturated)))).toMatchObject({
      capacityPerSecond: 100,
      saturated: true,
      saturatedSeconds: 20,
    });
  });

  test('the records of all partitions of a saturated replica count', () => {
    expect(measureThroughput(historyOf(pairs(keepsUp, saturated), [0, 0])).capacityPerSecond).toBe(130);
  });

  test('a replica that makes no progress is stuck, not slow', () => {
    const stuck = [0, 1000, 2000, 3000].map((end) => ({ end, committed: 0 }));
    expect(measureThroughput(historyOf(pairs(saturated, stuck))).capacityPerSecond).toBe(100);
    expect(measureThroughput(historyOf(stuck.map((point) => [point])))).toMatchObject({
      capacityPerSecond: undefined,
      stalled: true,
    });
  });

  test('nothing is learned from an unsettled group, or across a change of owners', () => {
    expect(
      measureThroughput(
        historyOf(
          saturated.map((point) => [point]),
          null,
        ),
      ).capacityPerSecond,
    ).toBeUndefined();
    const twoMembers = historyOf(pairs(saturated, keepsUp));
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
    expect(measureThroughput(changed)).toMatchObject({ capacityPerSecond: undefined, seconds: 0 });
  });
});
