import type { Throughput } from './throughput.ts';

/** A step up on trial: what the group was expected to process before it, and with it. */
export type Trial = {
  readonly from: number;
  readonly to: number;
  readonly expectedBeforePerSecond: number;
  readonly expectedAfterPerSecond: number;
  /** What had been learned of a replica before the step; should the step bring nothing, that still holds. */
  readonly capacityPerSecond: number | null;
};

/** Replicas beyond which something that all replicas share (as a rule the database) is the bottleneck. */
export type Ceiling = { readonly replicas: number; readonly perSecond: number; readonly untilSeconds: number };

/** A step must bring at least this part of its promise. */
const leastPart = 0.1;
/** After this time one more try is allowed: a bottleneck that is gone may leave no other sign. */
const ceilingSeconds = 1800;
/** This much more from no more replicas says that the bottleneck has moved. */
const movedFactor = 1.25;

/**
 * Whether a step up kept a tenth of its promise. Undefined while there is too little to judge by; a group that is no
 * longer behind has got what it needed.
 */
export function keptPromise(trial: Trial, done: Throughput, leastSeconds: number): boolean | undefined {
  if (done.seconds < leastSeconds) return undefined;
  const promised = trial.expectedAfterPerSecond - trial.expectedBeforePerSecond;
  return !done.behind || done.totalPerSecond - trial.expectedBeforePerSecond >= leastPart * promised;
}

export const ceilingOf = (trial: Trial, done: Throughput, atSeconds: number): Ceiling => ({
  replicas: trial.from,
  perSecond: done.totalPerSecond,
  untilSeconds: atSeconds + ceilingSeconds,
});

export const stillHolds = (ceiling: Ceiling, done: Throughput, atSeconds: number): boolean =>
  atSeconds < ceiling.untilSeconds && done.behind && done.totalPerSecond < movedFactor * ceiling.perSecond;
