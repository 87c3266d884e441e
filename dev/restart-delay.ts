const baseMs = 1_000;
const maxMs = 30_000;

/** After a run this long the next end counts as the first again. */
export const stableAfterMs = 60_000;

/**
 * Milliseconds until a service that has ended is started again: doubling from 1 s to 30 s with the number of ends in a
 * row before this one, and up to half as much again, so that services that fell together do not rise together.
 */
export function restartDelayMs(earlierEnds: number, random: () => number = Math.random): number {
  return Math.min(maxMs, Math.round(baseMs * 2 ** Math.min(earlierEnds, 10) * (1 + random() / 2)));
}
