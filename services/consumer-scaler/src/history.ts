import { partitionKey } from './observation.ts';
import type { PartitionLag } from './partition-lag.ts';

/** The offsets of the last looks, one sample per poll: rates are differences over this window. Plain data. */
export type History = { readonly keys: readonly string[]; readonly samples: readonly Sample[] };

type Sample = {
  readonly atSeconds: number;
  /** By the position of the partition in `keys`. */
  readonly endOffsets: readonly number[];
  readonly committedOffsets: readonly (number | null)[];
  /** The member that owns each partition, or null while the group was not settled: then nothing is learned. */
  readonly owners: readonly number[] | null;
};

export const emptyHistory: History = { keys: [], samples: [] };

/** The window that rates are taken over: short enough to see a step soon, long enough to smooth noise and commits. */
export const windowSeconds = (pollSeconds: number): number => Math.max(60, 4 * pollSeconds);

export function addSample(
  history: History,
  atSeconds: number,
  partitions: readonly PartitionLag[],
  owners: readonly number[] | null,
  pollSeconds: number,
): History {
  const keys = partitions.map(partitionKey);
  const last = history.samples.at(-1);
  // Looks between polls serve to watch a rebalance; as samples they would only be noise.
  if (last !== undefined && atSeconds - last.atSeconds < 0.9 * pollSeconds) return history;
  const sample = {
    atSeconds,
    endOffsets: partitions.map((partition) => partition.endOffset),
    committedOffsets: partitions.map((partition) => partition.committedOffset),
    owners,
  };
  const from = atSeconds - windowSeconds(pollSeconds);
  // The newest sample from before the window stays: after an outage it is the only one to compare with.
  const kept = history.samples.filter((_, index) => (history.samples[index + 1]?.atSeconds ?? Infinity) > from);
  return { keys, samples: isComparable(history, partitions) ? [...kept, sample] : [sample] };
}

/** Partitions that were added, or an end that went back (a topic created anew), leave nothing to compare with. */
function isComparable(history: History, partitions: readonly PartitionLag[]): boolean {
  const ends = history.samples.at(-1)?.endOffsets ?? [];
  return (
    partitions.length === history.keys.length &&
    partitions.every((one, index) => partitionKey(one) === history.keys[index] && one.endOffset >= (ends[index] ?? 0))
  );
}

export type Arrivals = {
  /** Of each partition: the mean over the window, or what came lately where that is clearly more. */
  readonly perSecond: readonly number[];
  /** What came lately is so much more than before that the change may have happened in the middle of it. */
  readonly jumped: boolean;
};

/** A part of the window that is shorter than this says nothing by itself. */
const recentSeconds = 3;
/** More than chance explains: this many standard deviations of a Poisson process. */
const deviations = 3;
const jumpFactor = 1.2;

/** Arrival rates from the samples so far and the present end offsets; undefined until there is something to compare. */
export function arrivals(
  history: History,
  atSeconds: number,
  partitions: readonly PartitionLag[],
  pollSeconds: number,
): Arrivals | undefined {
  const first = history.samples[0];
  const last = history.samples.findLast((sample) => sample.atSeconds <= atSeconds - recentSeconds);
  if (first === undefined || last === undefined || !isComparable(history, partitions)) return undefined;
  const since = (sample: Sample, index: number) =>
    (partitions[index]?.endOffset ?? 0) - (sample.endOffsets[index] ?? 0);
  const recent = atSeconds - last.atSeconds;
  const earlier = last.atSeconds - first.atSeconds;
  const expected = partitions.map((_, index) => ((since(first, index) - since(last, index)) / earlier) * recent);
  // Right after an outage the producers send what they had kept, which is no new rate: only the mean over all is true.
  const gap = history.samples.some(
    (sample, index) => sample.atSeconds - (history.samples[index - 1] ?? sample).atSeconds > windowSeconds(pollSeconds),
  );
  const more = (records: number, mean: number) =>
    !gap && earlier > 0 && records > mean + deviations * Math.sqrt(Math.max(1, mean));
  const perSecond = partitions.map((_, index) =>
    more(since(last, index), expected[index] ?? 0)
      ? since(last, index) / recent
      : since(first, index) / (atSeconds - first.atSeconds),
  );
  const total = partitions.reduce((sum, _, index) => sum + since(last, index), 0);
  const totalExpected = expected.reduce((sum, records) => sum + records, 0);
  return { perSecond, jumped: more(total, totalExpected) && total > jumpFactor * totalExpected };
}

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

/**
 * How old the oldest record is that the group has not committed: the time since the partition's end lay where the group
 * stands now. Older than the window, it is extrapolated by the arrival rate.
 */
export function oldestAgeSeconds(history: History, lags: readonly number[]): number {
  const last = history.samples.at(-1);
  const first = history.samples.at(0);
  if (last === undefined || first === undefined) return 0;
  let oldest = 0;
  lags.forEach((lag, partition) => {
    if (lag <= 0) return;
    const position = (last.endOffsets[partition] ?? 0) - lag;
    const crossing = history.samples.find((sample) => (sample.endOffsets[partition] ?? 0) > position);
    const span = last.atSeconds - first.atSeconds;
    const beforeWindow = (first.endOffsets[partition] ?? 0) - position;
    const perSecond = ((last.endOffsets[partition] ?? 0) - (first.endOffsets[partition] ?? 0)) / Math.max(1, span);
    const age =
      crossing === first
        ? span + (perSecond > 0 ? beforeWindow / perSecond : 0)
        : last.atSeconds - (crossing?.atSeconds ?? last.atSeconds);
    oldest = Math.max(oldest, age);
  });
  return oldest;
}
