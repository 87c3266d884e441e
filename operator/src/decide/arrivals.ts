import { endOfOutage, isComparable, levelSamples, windowSeconds, type History, type Sample } from './history.ts';
import type { PartitionLag } from './partition-lag.ts';

export type Arrivals = {
  /** Of each partition, the mean since the present level began, at most over the window. */
  readonly perSecond: readonly number[];
  /** What came since the last sample is clearly more, or less, than in any interval before: a new level begins now. */
  readonly shifted: boolean;
  /** Shifted upwards: the edge may lie in the middle of the interval, and the new height is still unknown. */
  readonly jumped: boolean;
};

/** An interval that is shorter than this says nothing by itself. */
const leastSeconds = 3;
/** A new level differs by more than this factor, and by more standard deviations of a Poisson process than chance explains. */
const shiftFactor = 1.2;
const totalDeviations = 3;
/** There are many partitions, and chance has many chances. */
const partitionDeviations = 5;

/** Arrival rates from the samples so far and the present end offsets; undefined until there is something to compare. */
export function arrivals(
  history: History,
  atSeconds: number,
  partitions: readonly PartitionLag[],
  pollSeconds: number,
): Arrivals | undefined {
  const samples = levelSamples(history);
  const first = samples[0];
  const last = samples.findLast((sample) => sample.atSeconds <= atSeconds - leastSeconds);
  if (first === undefined || last === undefined || !isComparable(history, partitions)) return undefined;
  const between = (from: Sample, to: readonly number[], index: number) =>
    (to[index] ?? 0) - (from.endOffsets[index] ?? 0);
  const ends = partitions.map((partition) => partition.endOffset);
  const recentSeconds = atSeconds - last.atSeconds;
  const recent = ends.map((_, index) => between(last, ends, index));
  const mean = ends.map((_, index) => between(first, ends, index) / (atSeconds - first.atSeconds));
  // Right after an outage the producers send what they had kept: that is no new level, and only the mean over all is true.
  const outage = recentSeconds > windowSeconds(pollSeconds) || endOfOutage(samples, pollSeconds) !== undefined;
  if (first === last || outage) return { perSecond: mean, shifted: false, jumped: false };

  const until = samples.indexOf(last);
  const intervals = samples.slice(1, until + 1).map((sample, index) => {
    const from = samples[index] ?? sample;
    const scale = recentSeconds / (sample.atSeconds - from.atSeconds);
    return ends.map((_, partition) => between(from, sample.endOffsets, partition) * scale);
  });
  const changes = recent.map((records, index) => {
    const earlier = intervals.map((interval) => interval[index] ?? 0);
    return change(records, earlier, partitionDeviations);
  });
  changes.push(change(sum(recent), intervals.map(sum), totalDeviations));
  const shifted = changes.some((direction) => direction !== 0);
  return {
    perSecond: shifted ? recent.map((records) => records / recentSeconds) : mean,
    shifted,
    jumped: changes.includes(1),
  };
}

/** 1: clearly more than in any of the earlier intervals; -1: clearly less than in any; 0: neither. */
function change(records: number, earlier: readonly number[], deviations: number): number {
  const most = Math.max(...earlier);
  const least = Math.min(...earlier);
  if (records > shiftFactor * most && records > most + deviations * Math.sqrt(Math.max(1, most))) return 1;
  if (records * shiftFactor < least && records < least - deviations * Math.sqrt(Math.max(1, least))) return -1;
  return 0;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
