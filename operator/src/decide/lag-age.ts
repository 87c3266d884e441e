import type { PartitionLag } from './partition-lag.ts';

/**
 * An end offset of a partition, with the first and the last time that it was observed. The list of a partition is in order
 * and goes back to the group's committed offset, so the age of a record is known however long ago it arrived.
 */
export type Checkpoint = { readonly endOffset: number; readonly fromSeconds: number; readonly untilSeconds: number };

/** Old checkpoints are kept further apart, so a backlog of days needs no more of them than a backlog of minutes. */
const maxCheckpoints = 10;

export function addCheckpoint(
  earlier: readonly Checkpoint[],
  { endOffset, lag }: PartitionLag,
  atSeconds: number,
): readonly Checkpoint[] {
  const last = earlier.at(-1);
  const all =
    last?.endOffset === endOffset
      ? [...earlier.slice(0, -1), { ...last, untilSeconds: atSeconds }]
      : [...earlier, { endOffset, fromSeconds: atSeconds, untilSeconds: atSeconds }];
  // The newest checkpoint from before the oldest unprocessed record bounds the time at which that record arrived.
  const needed = all.slice(Math.max(0, lastBefore(all, endOffset - lag)));
  return needed.length <= maxCheckpoints ? needed : withoutLeastUseful(needed, atSeconds);
}

/** Drops the checkpoint whose neighbours are closest to each other, relative to its age. */
function withoutLeastUseful(checkpoints: readonly Checkpoint[], atSeconds: number): Checkpoint[] {
  const usefulness = checkpoints.map(({ untilSeconds }, index) => {
    const [previous, next] = [checkpoints[index - 1], checkpoints[index + 1]];
    if (previous === undefined || next === undefined) return Infinity;
    return (next.fromSeconds - previous.untilSeconds) / (atSeconds - untilSeconds);
  });
  return checkpoints.toSpliced(usefulness.indexOf(Math.min(...usefulness)), 1);
}

/** The last checkpoint before the record at this offset arrived; -1 if it arrived before all of them. */
function lastBefore(checkpoints: readonly Checkpoint[], offset: number): number {
  return checkpoints.findLastIndex(({ endOffset }) => endOffset <= offset);
}

/**
 * The age of the oldest record that the group has not committed: the time since the partition's end offset passed the
 * group's committed offset. For records from before the first observation it is estimated from the arrivals since, and
 * unknown (null) without arrivals. What Kafka reports as older than `maxAgeSeconds` bounds the age in both directions.
 */
export function oldestAgeSeconds(
  checkpoints: readonly (readonly Checkpoint[])[],
  lags: readonly PartitionLag[],
  maxAgeSeconds: number,
  atSeconds: number,
): number | null {
  let oldest = 0;
  let unknown = false;
  lags.forEach((partition, index) => {
    if (partition.lag <= 0) return;
    const age = ageOf(checkpoints[index] ?? [], partition, atSeconds);
    if (partition.late > 0) oldest = Math.max(oldest, maxAgeSeconds, age ?? 0);
    else if (age === undefined) unknown = true;
    else oldest = Math.max(oldest, Math.min(age, maxAgeSeconds));
  });
  // A record that is not late cannot be older than one that is.
  return unknown && oldest < maxAgeSeconds ? null : oldest;
}

function ageOf(
  checkpoints: readonly Checkpoint[],
  { endOffset, lag }: PartitionLag,
  atSeconds: number,
): number | undefined {
  const position = endOffset - lag;
  const first = checkpoints[0];
  if (first === undefined) return undefined;
  const now = { endOffset, fromSeconds: atSeconds, untilSeconds: atSeconds };
  const index = lastBefore(checkpoints, position);
  if (index < 0) {
    const perSecond = (endOffset - first.endOffset) / (atSeconds - first.fromSeconds);
    return perSecond > 0 ? atSeconds - first.fromSeconds + (first.endOffset - position) / perSecond : undefined;
  }
  const from = checkpoints[index]!;
  const to = checkpoints[index + 1] ?? now;
  const passed = (position - from.endOffset) / (to.endOffset - from.endOffset);
  return atSeconds - (from.untilSeconds + passed * (to.fromSeconds - from.untilSeconds));
}
