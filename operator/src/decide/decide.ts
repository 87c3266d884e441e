import { measure, type Measurement } from './measurement.ts';
import type { Observation } from './observation.ts';
import { hold, recommend, type Recommendation } from './recommendation.ts';
import type { Decision, ScalerSpec, ScalerStatus } from './resource.ts';
import type { ScalerState } from './state.ts';
import { boundsOf, statusOf } from './status.ts';

export { initialState, type ScalerState } from './state.ts';
export type { Observation, PartitionReading } from './observation.ts';
export * from './resource.ts';

export type Outcome = {
  readonly decision: Decision;
  readonly status: ScalerStatus;
  /** The input of the next reconciliation. */
  readonly state: ScalerState;
  /** Shorter while a change settles, so that its length is measured. */
  readonly requeueAfterSeconds: number;
};

const unsettledRequeueSeconds = 2;

/**
 * Decides how many replicas a consumer group should have: as few as drain its lag within the objective, changed as rarely
 * as possible. Pure: no clock, no I/O; the same spec, observation and state give the same outcome.
 */
export function decide(spec: ScalerSpec, observation: Observation, before: ScalerState): Outcome {
  const measured = measure(spec, observation, before);
  const recommendation = withinBounds(spec, measured, choose(spec, measured));
  const from = measured.replicas;
  const { to, needed, reason, message } = recommendation;
  const action = to > from ? 'ScaleUp' : to < from ? 'ScaleDown' : 'Hold';
  const apply = action !== 'Hold' && spec.mode === 'Auto';
  const decision: Decision = { action, from, to, apply, reason, message };
  const windowStart = measured.atSeconds - spec.behavior.scaleDownWindowSeconds;
  // An earlier recommendation of no more replicas than this one cannot be the window's maximum any more.
  const larger = measured.state.recommended.filter((past) => past.atSeconds > windowStart && past.replicas > needed);
  const unsettled = apply || (measured.unknownReason === null && measured.phase !== 'Settled');
  const soonSeconds = unsettled ? unsettledRequeueSeconds : recommendation.requeueAfterSeconds;
  return {
    decision,
    status: statusOf(spec, measured, decision),
    state: {
      ...measured.state,
      recommended: [...larger, { atSeconds: measured.atSeconds, replicas: needed }],
      trial: apply ? (recommendation.trial ?? null) : measured.state.trial,
    },
    requeueAfterSeconds: Math.min(spec.pollSeconds, soonSeconds ?? Infinity),
  };
}

/** The reasons to change nothing, and then the recommendation. */
function choose(spec: ScalerSpec, measured: Measurement): Recommendation {
  if (spec.mode === 'Paused') return hold(measured, 'Paused', 'The resource is paused.');
  if (measured.unknownReason !== null) return withUnknownLag(spec, measured, measured.unknownReason);
  switch (measured.phase) {
    case 'RollingOut':
      return hold(measured, 'RolloutInProgress', 'A rollout is in progress; the decision waits for its end.');
    case 'Rebalancing':
      return hold(measured, 'GroupRebalancing', 'The group is rebalancing; a change would only prolong it.');
    case 'Joining':
      return hold(
        measured,
        'WaitingForMembers',
        `Not all of the ${measured.replicas} replicas have joined, or left, the group.`,
      );
    case 'Settling':
      return hold(measured, 'Settling', `The group has not been stable for ${spec.behavior.settleSeconds} s.`);
    case 'Settled':
      return recommend(spec, measured);
  }
}

/** Unknown is never zero: the number of replicas stays as it is, or becomes what the spec's fallback says. */
function withUnknownLag(spec: ScalerSpec, measured: Measurement, unknownReason: string): Recommendation {
  const { replicas } = measured;
  const { failures } = measured.state;
  const { afterFailures, behavior, replicas: fallback } = spec.fallback;
  const to = behavior === 'Static' ? fallback : behavior === 'AtLeast' ? Math.max(replicas, fallback) : replicas;
  if (failures < afterFailures || to === replicas) {
    return hold(measured, 'LagUnknown', `The lag is unknown (${unknownReason}): the replicas stay as they are.`);
  }
  const message = `The lag was unknown ${failures} times in a row (${unknownReason}): fallback ${behavior} ${fallback} applies.`;
  return { to, needed: Math.max(replicas, to), reason: 'Fallback', message };
}

/** The bounds of the spec and of the partitions apply whatever the lag. Only a paused resource is left as it is. */
function withinBounds(spec: ScalerSpec, measured: Measurement, recommendation: Recommendation): Recommendation {
  if (spec.mode === 'Paused') return recommendation;
  const { min, max } = boundsOf(spec, measured);
  const to = Math.max(min, Math.min(max, recommendation.to));
  if (to === recommendation.to) return recommendation;
  const andAtMost = max === Infinity ? '' : ` and at most ${max}`;
  return {
    to,
    needed: recommendation.needed,
    reason: 'OutOfBounds',
    message: `${recommendation.message} Replicas must be at least ${min}${andAtMost}.`,
  };
}
