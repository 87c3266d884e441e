import type { History, Sample } from './history.ts';
import { sum } from './sum.ts';

export type Throughput = {
  /** What a saturated member processes per second, averaged over all of them; undefined if none was saturated. */
  readonly capacityPerSecond: number | undefined;
  /** The member-seconds of that average. */
  readonly saturatedSeconds: number;
  /** The most that any member processed per second: its capacity is at least that. */
  readonly provenPerSecond: number;
  /** What the whole group processes per second. */
  readonly totalPerSecond: number;
  /** How long the settled part of the window is. */
  readonly seconds: number;
  /** Some member was saturated in the last interval. */
  readonly saturated: boolean;
  /** Saturated, and no member processed anything for at least two intervals. */
  readonly stalled: boolean;
};

/** What the members did between two samples. */
type Interval = {
  readonly seconds: number;
  /** Records by member. */
  readonly processed: ReadonlyMap<number, number>;
  readonly saturated: ReadonlySet<number>;
};

/** A saturated group without progress in so many intervals is stalled. */
const stalledIntervals = 2;

/**
 * What the members processed in the settled part of the window.
 * A member was saturated during an interval if a record that existed at the beginning is not committed at the end: it never
 * ran out of records, and what it processed is its capacity (DS2 calls it the true processing rate). A member that keeps
 * up shows the arrival rate instead, and one that processed nothing is stuck, not slow: the average excludes both.
 */
export function measureThroughput({ samples }: History): Throughput {
  const settled = sinceSameOwners(samples);
  const intervals = settled.slice(1).flatMap((later, index) => intervalOf(settled[index], later));
  const processed = new Map<number, number>();
  let saturatedRecords = 0;
  let saturatedSeconds = 0;
  let idleIntervals = 0;
  for (const interval of intervals) {
    for (const [owner, records] of interval.processed) {
      processed.set(owner, (processed.get(owner) ?? 0) + records);
      if (!interval.saturated.has(owner) || records === 0) continue;
      saturatedRecords += records;
      saturatedSeconds += interval.seconds;
    }
    const idle = interval.saturated.size > 0 && [...interval.processed.values()].every((records) => records === 0);
    idleIntervals = idle ? idleIntervals + 1 : 0;
  }
  const seconds = (settled.at(-1)?.atSeconds ?? 0) - (settled[0]?.atSeconds ?? 0);
  const rates = [...processed.values()].map((records) => records / Math.max(1, seconds));
  return {
    capacityPerSecond: saturatedSeconds > 0 ? saturatedRecords / saturatedSeconds : undefined,
    saturatedSeconds,
    provenPerSecond: Math.max(0, ...rates),
    totalPerSecond: sum(rates),
    seconds,
    saturated: (intervals.at(-1)?.saturated.size ?? 0) > 0,
    stalled: idleIntervals >= stalledIntervals,
  };
}

/** The last samples between which no partition changed its owner. */
function sinceSameOwners(samples: readonly Sample[]): readonly Sample[] {
  const last = samples.at(-1);
  let first = samples.length - 1;
  while (first > 0 && sameOwners(samples[first - 1], last)) first -= 1;
  return samples.slice(Math.max(0, first));
}

function sameOwners(earlier: Sample | undefined, later: Sample | undefined): boolean {
  const owners = later?.owners ?? null;
  return owners !== null && earlier?.owners?.every((owner, partition) => owner === owners[partition]) === true;
}

function intervalOf(earlier: Sample | undefined, later: Sample): Interval[] {
  if (earlier === undefined || later.owners === null) return [];
  const processed = new Map<number, number>();
  const saturated = new Set<number>();
  later.owners.forEach((owner, partition) => {
    const from = earlier.committedOffsets[partition] ?? null;
    const to = later.committedOffsets[partition] ?? null;
    if (from !== null && to !== null) processed.set(owner, (processed.get(owner) ?? 0) + Math.max(0, to - from));
    if (to !== null && to < (earlier.endOffsets[partition] ?? 0)) saturated.add(owner);
  });
  return [{ seconds: later.atSeconds - earlier.atSeconds, processed, saturated }];
}
