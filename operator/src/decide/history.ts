import { addCheckpoint, type Checkpoint } from './lag-age.ts';
import { partitionKey } from './observation.ts';
import type { PartitionLag } from './partition-lag.ts';

/** The offsets of the last observations, one sample per poll: rates are differences over this window. Plain data. */
export type History = {
  readonly keys: readonly string[];
  readonly samples: readonly Sample[];
  /** When the present level of the arrivals began: earlier samples do not predict what arrives now. */
  readonly levelSinceSeconds: number;
  /** Of each partition the times of its end offsets, back to the group's committed offset. */
  readonly checkpoints: readonly (readonly Checkpoint[])[];
};

export type Sample = {
  readonly atSeconds: number;
  /** By the position of the partition in `keys`. */
  readonly endOffsets: readonly number[];
  readonly committedOffsets: readonly (number | null)[];
  /** The member that owns each partition; null while the group was not settled, so that nothing is learned from it. */
  readonly owners: readonly number[] | null;
};

export const emptyHistory: History = { keys: [], samples: [], levelSinceSeconds: 0, checkpoints: [] };

/** The window of the rates: short enough to show the present, long enough to smooth noise and commits. */
export function windowSeconds(pollSeconds: number): number {
  return Math.max(60, 4 * pollSeconds);
}

/** Adds an observation; `shifted` says that the arrivals are at a new level from now on. */
export function addSample(
  history: History,
  atSeconds: number,
  partitions: readonly PartitionLag[],
  owners: readonly number[] | null,
  pollSeconds: number,
  shifted = false,
): History {
  const due = atSeconds - (history.samples.at(-1)?.atSeconds ?? -Infinity) >= 0.9 * pollSeconds;
  // An observation between two polls follows a rebalance or the edge of a jump; at the latter a new level begins.
  if (!due && !shifted) return history;
  const sample = {
    atSeconds,
    endOffsets: partitions.map((partition) => partition.endOffset),
    committedOffsets: partitions.map((partition) => partition.committedOffset),
    owners: due ? owners : null,
  };
  const keys = partitions.map(partitionKey);
  const comparable = isComparable(history, partitions);
  const checkpoints = partitions.map((partition, index) =>
    addCheckpoint(comparable ? (history.checkpoints[index] ?? []) : [], partition, atSeconds),
  );
  if (!comparable) return { keys, samples: [sample], levelSinceSeconds: atSeconds, checkpoints };
  const window = windowSeconds(pollSeconds);
  // The newest sample from before the window stays: after an outage it is the only one to compare with.
  const kept = history.samples.filter(
    (_, index) => (history.samples[index + 1]?.atSeconds ?? Infinity) > atSeconds - window,
  );
  const outageEnd = endOfOutage(levelSamples(history), pollSeconds);
  const flushed = outageEnd !== undefined && atSeconds >= outageEnd + window / 2;
  const levelSinceSeconds = shifted || flushed ? atSeconds : history.levelSinceSeconds;
  return { keys, samples: [...kept, sample], levelSinceSeconds, checkpoints };
}

/** Samples cannot be compared after partitions were added, or after a topic was recreated: its end offset decreased. */
export function isComparable(history: History, partitions: readonly PartitionLag[]): boolean {
  const ends = history.samples.at(-1)?.endOffsets ?? [];
  return (
    partitions.length === history.keys.length &&
    partitions.every((one, index) => partitionKey(one) === history.keys[index] && one.endOffset >= (ends[index] ?? 0))
  );
}

/** The samples since the present level began. */
export function levelSamples(history: History): Sample[] {
  return history.samples.filter((sample) => sample.atSeconds >= history.levelSinceSeconds);
}

/** Two samples that are further apart than a window have an outage between them. */
export function endOfOutage(samples: readonly Sample[], pollSeconds: number): number | undefined {
  return samples.find((sample, index) => {
    const before = samples[index - 1] ?? sample;
    return sample.atSeconds - before.atSeconds > windowSeconds(pollSeconds);
  })?.atSeconds;
}
