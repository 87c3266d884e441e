import { describe, expect, test } from '@jest/globals';
import { addCheckpoint, oldestAgeSeconds, type Checkpoint } from './lag-age.ts';

const maxAgeSeconds = 60;
const partition = (endOffset: number, committed: number, late = 0) => ({
  topic: 'orders',
  partition: 0,
  endOffset,
  committedOffset: committed,
  lag: endOffset - committed,
  late,
});
type Sample = { readonly at: number; readonly end: number; readonly committed: number };
const checkpointsOf = (samples: readonly Sample[]): readonly Checkpoint[] =>
  samples.reduce<readonly Checkpoint[]>(
    (earlier, { at, end, committed }) => addCheckpoint(earlier, partition(end, committed), at),
    [],
  );
/** The age at the last sample; `late` is what Kafka reports. */
function ageAt(samples: readonly Sample[], late = 0): number | null {
  const { at, end, committed } = samples.at(-1)!;
  return oldestAgeSeconds([checkpointsOf(samples)], [partition(end, committed, late)], maxAgeSeconds, at);
}
/** 100 records a second, of which the group has committed none, observed every ten seconds. */
const growing = [0, 10, 20, 30].map((at) => ({ at, end: at * 100, committed: 0 }));

describe('the age of the oldest record', () => {
  test('is the time since the end offset passed the committed offset', () => {
    expect(ageAt([...growing, { at: 40, end: 4_000, committed: 2_500 }])).toBe(15);
    expect(ageAt([...growing, { at: 40, end: 4_000, committed: 3_500 }])).toBe(5);
  });

  test('keeps growing for hours without arrivals', () => {
    const quiet = Array.from({ length: 720 }, (_, index) => ({ at: 40 + 10 * index, end: 3_000, committed: 1_000 }));
    expect(ageAt([...growing, ...quiet], 2_000)).toBe(quiet.at(-1)!.at - 10);
  });

  test('is the age of a single record that arrives after a long silence', () => {
    const silent = Array.from({ length: 100 }, (_, index) => ({ at: 10 * index, end: 500, committed: 500 }));
    expect(ageAt([...silent, { at: 1_000, end: 501, committed: 500 }])).toBe(10);
    expect(
      ageAt([...silent, { at: 1_000, end: 501, committed: 500 }, { at: 1_300, end: 501, committed: 500 }], 1),
    ).toBe(310);
  });

  test('is accurate to 5 % with few checkpoints in a backlog of a day', () => {
    const day = Array.from({ length: 8_640 }, (_, index) => ({ at: 10 * index, end: 1_000 * index, committed: 0 }));
    expect(checkpointsOf(day).length).toBeLessThanOrEqual(10);
    const { at, end } = day.at(-1)!;
    for (const lagSeconds of [100, 3_600, 43_200]) {
      const age = ageAt([...day.slice(0, -1), { at, end, committed: end - 100 * lagSeconds }], 1)!;
      expect(Math.abs(age / lagSeconds - 1)).toBeLessThan(0.05);
    }
  });

  test('is estimated from the arrivals for records from before the first observation', () => {
    const samples = [3, 4, 5, 6].map((index) => ({ at: index * 10, end: index * 1_000, committed: 0 }));
    expect(ageAt(samples, 1)).toBe(60);
  });

  test('is unknown without arrivals, but at least the maximum age if Kafka reports late records', () => {
    const found = [0, 10].map((at) => ({ at, end: 500, committed: 100 }));
    expect(ageAt(found)).toBeNull();
    expect(ageAt(found, 400)).toBe(maxAgeSeconds);
  });

  test('is at most the maximum age while Kafka reports no late records', () => {
    const sparse = [
      { at: 0, end: 500, committed: 500 },
      { at: 300, end: 501, committed: 500 },
    ];
    expect(ageAt(sparse)).toBe(maxAgeSeconds);
  });

  test('is 0 without lag', () => {
    expect(ageAt([...growing, { at: 40, end: 4_000, committed: 4_000 }])).toBe(0);
  });
});
