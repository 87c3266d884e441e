import type { History, Sample } from './history.ts';

export type Throughput = {
  /** What a member processes per second while it is behind, averaged over all that were; undefined if none was. */
  readonly capacityPerSecond: number | undefined;
  /** How many member-seconds that average rests on. */
  readonly busySeconds: number;
  /** The most that any member processed per second: its capacity is at least that. */
  readonly provenPerSecond: number;
  /** What the whole group processes per second. */
  readonly totalPerSecond: number;
  /** How long the settled part of the window is. */
  readonly seconds: number;
  /** Some member was behind at the last sample. */
  readonly behind: boolean;
  /** Behind, and for at least two intervals no member processed anything. */
  readonly stalled: boolean;
};

/**
 * What the members did in the settled part of the window.
 * A member was behind during an interval if a record that was there at the beginning is not committed at the end: then
 * it never ran out of work, and what it did is its capacity (DS2 calls it the true processing rate). A member that keeps
 * up shows the arrival rate instead, and one that did nothing at all is stuck, not slow: neither is averaged in.
 */
export function throughput(history: History): Throughput {
  const { samples } = history;
  const last = samples.at(-1);
  let first = samples.length - 1;
  while (first > 0 && sameOwners(samples[first - 1], last)) first -= 1;
  const processed = new Map<number, number>();
  let busyRecords = 0;
  let busySeconds = 0;
  let behind = false;
  let idleIntervals = 0;
  for (let index = first + 1; index < samples.length; index += 1) {
    const earlier = samples[index - 1];
    const later = samples[index];
    if (earlier === undefined || later === undefined || later.owners === null) continue;
    const seconds = later.atSeconds - earlier.atSeconds;
    const done = new Map<number, number>();
    const busy = new Set<number>();
    later.owners.forEach((owner, partition) => {
      const from = earlier.committedOffsets[partition] ?? null;
      const to = later.committedOffsets[partition] ?? null;
      if (from !== null && to !== null) done.set(owner, (done.get(owner) ?? 0) + Math.max(0, to - from));
      if (to !== null && to < (earlier.endOffsets[partition] ?? 0)) busy.add(owner);
    });
    for (const [owner, records] of done) {
      processed.set(owner, (processed.get(owner) ?? 0) + records);
      if (!busy.has(owner) || records === 0) continue;
      busyRecords += records;
      busySeconds += seconds;
    }
    behind = busy.size > 0;
    idleIntervals = behind && [...done.values()].every((records) => records === 0) ? idleIntervals + 1 : 0;
  }
  const seconds = last === undefined ? 0 : last.atSeconds - (samples[first]?.atSeconds ?? last.atSeconds);
  const rates = [...processed.values()].map((records) => records / Math.max(1, seconds));
  return {
    capacityPerSecond: busySeconds > 0 ? busyRecords / busySeconds : undefined,
    busySeconds,
    provenPerSecond: Math.max(0, ...rates),
    totalPerSecond: rates.reduce((sum, rate) => sum + rate, 0),
    seconds,
    behind,
    stalled: idleIntervals >= 2,
  };
}

function sameOwners(a: Sample | undefined, b: Sample | undefined): boolean {
  const later = b?.owners ?? null;
  return later !== null && a?.owners?.every((owner, partition) => owner === later[partition]) === true;
}
