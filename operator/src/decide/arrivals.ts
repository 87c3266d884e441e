import { endOfOutage, isComparable, levelSamples, windowSeconds, type History, type Sample } from './history.ts';
import type { PartitionLag } from './partition-lag.ts';
import { sum } from './sum.ts';

export type Arrivals = {
  /** Of each partition, the mean since the present level began, at most over the window. */
  readonly perSecond: readonly number[];
  /** The last interval brought clearly more, or clearly less, than any before it: a new level begins. */
  readonly shifted: boolean;
  /** Shifted upwards: the edge may lie in the middle of the interval, so the new level is not yet known. */
  readonly jumped: boolean;
};

/** A shorter interval has too few records to show a shift. */
const minIntervalSeconds = 3;
/** A new level differs by more than this factor, and by more standard deviations of a Poisson process than chance explains. */
const shiftFactor = 1.2;
const totalDeviations = 3;
/** With many partitions a large deviation in one of them is more likely. */
const partitionDeviations = 5;

/** Arrival rates from the earlier samples and the present end offsets; undefined without a sample to compare with. */
export function measureArrivals(
  history: History,
  atSeconds: number,
  partitions: readonly PartitionLag[],
  pollSeconds: number,
): Arrivals | undefined {
  const samples = levelSamples(history);
  const first = samples[0];
  const last = samples.findLast((sample) => sample.atSeconds <= atSeconds - minIntervalSeconds);
  if (first === undefined || last === undefined || !isComparable(history, partitions)) return undefined;
  const endOffsets = partitions.map((partition) => partition.endOffset);
  const recentSeconds = atSeconds - last.atSeconds;
  const recent = recordsBetween(last, endOffsets);
  const mean = recordsBetween(first, endOffsets).map((records) => records / (atSeconds - first.atSeconds));
  // After an outage the producers send what they buffered: that is no new level, and only the mean over the outage is right.
  const outage = recentSeconds > windowSeconds(pollSeconds) || endOfOutage(samples, pollSeconds) !== undefined;
  if (first === last || outage) return { perSecond: mean, shifted: false, jumped: false };

  const earlier = recordsByInterval(samples.slice(0, samples.indexOf(last) + 1), recentSeconds);
  const shifts = recent.map((records, partition) => {
    const before = earlier.map((interval) => interval[partition] ?? 0);
    return shiftOf(records, before, partitionDeviations);
  });
  shifts.push(shiftOf(sum(recent), earlier.map(sum), totalDeviations));
  const shifted = shifts.some((direction) => direction !== 0);
  return {
    perSecond: shifted ? recent.map((records) => records / recentSeconds) : mean,
    shifted,
    jumped: shifts.includes(1),
  };
}

function recordsBetween(from: Sample, endOffsets: readonly number[]): number[] {
  return endOffsets.map((end, partition) => end - (from.endOffsets[partition] ?? 0));
}

/** Of each interval between two samples the records of each partition, scaled to an interval of `seconds`. */
function recordsByInterval(samples: readonly Sample[], seconds: number): number[][] {
  return samples.slice(1).map((sample, index) => {
    const from = samples[index] ?? sample;
    const scale = seconds / (sample.atSeconds - from.atSeconds);
    return recordsBetween(from, sample.endOffsets).map((records) => records * scale);
  });
}

/** 1: clearly more than in any of the earlier intervals; -1: clearly less than in any; 0: neither. */
function shiftOf(records: number, earlier: readonly number[], deviations: number): number {
  const max = Math.max(...earlier);
  const min = Math.min(...earlier);
  if (records > shiftFactor * max && records > max + deviations * Math.sqrt(Math.max(1, max))) return 1;
  if (records * shiftFactor < min && records < min - deviations * Math.sqrt(Math.max(1, min))) return -1;
  return 0;
}
