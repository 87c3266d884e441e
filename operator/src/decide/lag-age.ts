import type { PartitionLag } from './partition-lag.ts';

/**
 * A partition's end offset, and the first and the last time that it was seen there. One partition's list is in order, and
 * goes back to where the group stands, so that an age is known however long ago the record came.
 */
export type Checkpoint = { readonly endOffset: number; readonly fromSeconds: number; readonly untilSeconds: number };

/** Old ones are kept further apart, so that a backlog of days needs no more of them than one of minutes. */
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
  // The newest one from before the oldest record that waits tells when that came.
  const needed = all.slice(Math.max(0, before(all, endOffset - lag)));
  return needed.length <= maxCheckpoints ? needed : thinned(needed, atSeconds);
}

/** Without the one that is missed least: whose neighbours lie closest to each other, measured by how long ago it was. */
function thinned(checkpoints: readonly Checkpoint[], atSeconds: number): Checkpoint[] {
  const worth = checkpoints.map(({ untilSeconds }, index) => {
    const [previous, next] = [checkpoints[index - 1], checkpoints[index + 1]];
    if (previous === undefined || next === undefined) return Infinity;
    return (next.fromSeconds - previous.untilSeconds) / (atSeconds - untilSeconds);
  });
  return checkpoints.toSpliced(worth.indexOf(Math.min(...worth)), 1);
}

/** The last checkpoint at which the record at this offset had not come; -1: it was there before any was taken. */
const before = (checkpoints: readonly Checkpoint[], offset: number): number =>
  checkpoints.findLastIndex(({ endOffset }) => endOffset <= offset);

/**
 * How old the oldest record is that the group has not committed, by when the partitions' ends passed where it stands now.
 * What came before the scaler first looked is guessed from the arrivals since, and unknown (null) where there were none;
 * Kafka's word on what is older than `maxAgeSeconds` bounds it either way.
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
  // One that is not late cannot be older than one that is.
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
  const index = before(checkpoints, position);
  if (index < 0) {
    const perSecond = (endOffset - first.endOffset) / (atSeconds - first.fromSeconds);
    return perSecond > 0 ? atSeconds - first.fromSeconds + (first.endOffset - position) / perSecond : undefined;
  }
  const from = checkpoints[index]!;
  const to = checkpoints[index + 1] ?? now;
  const passed = (position - from.endOffset) / (to.endOffset - from.endOffset);
  return atSeconds - (from.untilSeconds + passed * (to.fromSeconds - from.untilSeconds));
}
