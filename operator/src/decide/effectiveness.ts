import type { Throughput } from './throughput.ts';

/** A step up under evaluation: the predicted throughput of the group before and after it. */
export type Trial = {
  readonly from: number;
  readonly to: number;
  readonly expectedBeforePerSecond: number;
  readonly expectedAfterPerSecond: number;
  /** The known capacity of a replica before the step; it still applies if the step was ineffective. */
  readonly capacityPerSecond: number | null;
};

/** Replicas beyond which something that all replicas share (usually the database) is the bottleneck. */
export type Ceiling = { readonly replicas: number; readonly perSecond: number; readonly untilSeconds: number };

/** A step must bring at least this part of the predicted throughput. */
const minEffectiveRatio = 0.1;
/** After this time another step up is allowed: nothing else may show that the bottleneck has disappeared. */
const ceilingSeconds = 1800;
/** So much more throughput from no more replicas shows that the bottleneck has disappeared. */
const recoveredFactor = 1.25;

/**
 * Whether a step up brought at least a tenth of the predicted throughput. Undefined while `measured` is shorter than
 * `minSeconds`. A group that no longer lags has got what it needed.
 */
export function wasEffective(trial: Trial, measured: Throughput, minSeconds: number): boolean | undefined {
  if (measured.seconds < minSeconds) return undefined;
  const predictedGain = trial.expectedAfterPerSecond - trial.expectedBeforePerSecond;
  const gain = measured.totalPerSecond - trial.expectedBeforePerSecond;
  return !measured.saturated || gain >= minEffectiveRatio * predictedGain;
}

export function ceilingOf(trial: Trial, measured: Throughput, atSeconds: number): Ceiling {
  return { replicas: trial.from, perSecond: measured.totalPerSecond, untilSeconds: atSeconds + ceilingSeconds };
}

export function stillLimits(ceiling: Ceiling, measured: Throughput, atSeconds: number): boolean {
  return (
    atSeconds < ceiling.untilSeconds &&
    measured.saturated &&
    measured.totalPerSecond < recoveredFactor * ceiling.perSecond
  );
}
