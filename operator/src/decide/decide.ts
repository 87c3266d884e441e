import { measure, type Look } from './measurement.ts';
import type { Observation } from './observation.ts';
import { hold, recommend, type Choice } from './recommendation.ts';
import type { Decision, ScalerSpec, ScalerStatus } from './resource.ts';
import type { ScalerState } from './state.ts';
import { boundsOf, statusOf } from './status.ts';

export { initialState, type ScalerState } from './state.ts';
export type { KafkaReading, KafkaUnavailable, Observation, PartitionReading } from './observation.ts';
export { partitionKey } from './observation.ts';
export * from './resource.ts';

export type Outcome = {
  readonly decision: Decision;
  readonly status: ScalerStatus;
  /** To be handed to the next look. */
  readonly state: ScalerState;
  /** While something settles the next look comes sooner, so that its length is seen. */
  readonly lookAgainSeconds: number;
};

const unsettledLookSeconds = 2;

/**
 * Decides how many replicas a consumer group should have: as few, changed as seldom, as work off what the group owes
 * within the objective. Pure: no clock, no I/O; the same spec, observation and state give the same outcome.
 */
export function decide(spec: ScalerSpec, observation: Observation, before: ScalerState): Outcome {
  const look = measure(spec, observation, before);
  const choice = bounded(spec, look, choose(spec, look));
  const from = look.replicas;
  const { to, reason, message } = choice;
  const action = to > from ? 'ScaleUp' : to < from ? 'ScaleDown' : 'Hold';
  const apply = action !== 'Hold' && spec.mode === 'Auto';
  const decision: Decision = { action, from, to, apply, reason, message };
  const windowStart = look.atSeconds - spec.behavior.scaleDownWindowSeconds;
  // An earlier look that needed no more than this one says nothing any longer: it leaves the window first.
  const more = look.state.recommended.filter((past) => past.atSeconds > windowStart && past.replicas > choice.needed);
  const restless = apply || (look.unknown === null && look.phase !== 'Settled');
  const soon = restless ? unsettledLookSeconds : (choice.lookAgainSeconds ?? spec.pollSeconds);
  return {
    decision,
    status: statusOf(spec, look, decision),
    state: {
      ...look.state,
      recommended: [...more, { atSeconds: look.atSeconds, replicas: choice.needed }],
      trial: apply ? (choice.trial ?? null) : look.state.trial,
    },
    lookAgainSeconds: Math.min(spec.pollSeconds, soon),
  };
}

/** The reasons to decide nothing, and then the decision. */
function choose(spec: ScalerSpec, look: Look): Choice {
  if (spec.mode === 'Paused') return hold(look, 'Paused', 'The resource is paused.');
  if (look.unknown !== null) return withoutLag(spec, look, look.unknown);
  switch (look.phase) {
    case 'RollingOut':
      return hold(look, 'RolloutInProgress', 'A rollout is under way; deciding waits until it is over.');
    case 'Rebalancing':
      return hold(look, 'GroupRebalancing', 'The group is rebalancing; a change would only stop it for longer.');
    case 'Joining':
      return hold(
        look,
        'WaitingForMembers',
        `Not all of the ${look.replicas} replicas have joined, or left, the group.`,
      );
    case 'Settling':
      return hold(look, 'Settling', `The group has not been stable for ${spec.behavior.settleSeconds} s.`);
    case 'Settled':
      return recommend(spec, look);
  }
}

/** Unknown is never zero: the replicas stay as they are, or become what the user has laid down for this case. */
function withoutLag(spec: ScalerSpec, look: Look, unknown: string): Choice {
  const { replicas } = look;
  const { afterFailures, behavior, replicas: fallback } = spec.fallback;
  const to = behavior === 'Static' ? fallback : behavior === 'AtLeast' ? Math.max(replicas, fallback) : replicas;
  if (look.state.failures < afterFailures || to === replicas) {
    return hold(look, 'LagUnknown', `The lag is unknown (${unknown}): nothing changes.`);
  }
  const message = `The lag was unknown ${look.state.failures} times (${unknown}): the fallback is ${behavior} ${fallback}.`;
  return { to, needed: Math.max(replicas, to), reason: 'Fallback', message };
}

/** The user's bounds, and the partitions', hold whatever else is known. Only a paused resource is left as it is. */
function bounded(spec: ScalerSpec, look: Look, choice: Choice): Choice {
  if (spec.mode === 'Paused') return choice;
  const { lowest, highest } = boundsOf(spec, look);
  const to = Math.max(lowest, Math.min(highest, choice.to));
  if (to === choice.to) return choice;
  const { needed } = choice;
  const most = highest === Infinity ? '' : ` and at most ${highest}`;
  return {
    to,
    needed,
    reason: 'OutOfBounds',
    message: `${choice.message} Replicas must be at least ${lowest}${most}.`,
  };
}
