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
type Look = { readonly at: number; readonly end: number; readonly committed: number };
const checkpointsOf = (looks: readonly Look[]): readonly Checkpoint[] =>
  looks.reduce<readonly Checkpoint[]>(
    (earlier, { at, end, committed }) => addCheckpoint(earlier, partition(end, committed), at),
    [],
  );
/** The age at the last look; a record is late as Kafka would say it. */
function ageAt(looks: readonly Look[], late = 0): number | null {
  const { at, end, committed } = looks.at(-1)!;
  return oldestAgeSeconds([checkpointsOf(looks)], [partition(end, committed, late)], maxAgeSeconds, at);
}
/** 100 records a second, of which the group has committed none, looked at every ten seconds. */
const growing = [0, 10, 20, 30].map((at) => ({ at, end: at * 100, committed: 0 }));

describe('the age of the oldest record', () => {
  test('is the time since the end lay where the group stands now', () => {
    expect(ageAt([...growing, { at: 40, end: 4_000, committed: 2_500 }])).toBe(15);
    expect(ageAt([...growing, { at: 40, end: 4_000, committed: 3_500 }])).toBe(5);
  });

  test('goes on growing while nothing arrives any more, for hours', () => {
    const quiet = Array.from({ length: 720 }, (_, look) => ({ at: 40 + 10 * look, end: 3_000, committed: 1_000 }));
    expect(ageAt([...growing, ...quiet], 2_000)).toBe(quiet.at(-1)!.at - 10);
  });

  test('is that of a lone record that came after a long silence', () => {
    const silent = Array.from({ length: 100 }, (_, look) => ({ at: 10 * look, end: 500, committed: 500 }));
    expect(ageAt([...silent, { at: 1_000, end: 501, committed: 500 }])).toBe(10);
    expect(
      ageAt([...silent, { at: 1_000, end: 501, committed: 500 }, { at: 1_300, end: 501, committed: 500 }], 1),
    ).toBe(310);
  });

  test('is close, with few checkpoints, in a backlog that grew for a day', () => {
    const day = Array.from({ length: 8_640 }, (_, look) => ({ at: 10 * look, end: 1_000 * look, committed: 0 }));
    expect(checkpointsOf(day).length).toBeLessThanOrEqual(10);
    const { at, end } = day.at(-1)!;
    for (const behindSeconds of [100, 3_600, 43_200]) {
      const age = ageAt([...day.slice(0, -1), { at, end, committed: end - 100 * behindSeconds }], 1)!;
      expect(Math.abs(age / behindSeconds - 1)).toBeLessThan(0.05);
    }
  });

  test('is guessed from the arrivals where the record was there before the scaler looked', () => {
    const looks = [3, 4, 5, 6].map((look) => ({ at: look * 10, end: look * 1_000, committed: 0 }));
    expect(ageAt(looks, 1)).toBe(60);
  });

  test('is unknown where nothing arrives and nothing was seen, but at least what Kafka says', () => {
    const found = [0, 10].map((at) => ({ at, end: 500, committed: 100 }));
    expect(ageAt(found)).toBeNull();
    expect(ageAt(found, 400)).toBe(maxAgeSeconds);
  });

  test('is no more than the allowed age while Kafka says that nothing is late', () => {
    const sparse = [
      { at: 0, end: 500, committed: 500 },
      { at: 300, end: 501, committed: 500 },
    ];
    expect(ageAt(sparse)).toBe(maxAgeSeconds);
  });

  test('is 0 where nothing waits', () => {
    expect(ageAt([...growing, { at: 40, end: 4_000, committed: 4_000 }])).toBe(0);
  });
});
