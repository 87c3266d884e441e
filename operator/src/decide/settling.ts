import type { Observation } from './observation.ts';

/** The progress of the group from one number of replicas to the next, and what earlier changes have cost. */
export type Settling = {
  /** The replicas of the last observation; another number is a step, whatever client scaled. */
  readonly replicas: number;
  readonly observedAtSeconds: number;
  /** Since when the group has been stable and complete; null while it is not. */
  readonly stableSinceSeconds: number | null;
  /** Since when a rollout has been in progress, or has been stuck; null without one. */
  readonly rollingSinceSeconds: number | null;
  /** Since when the group has been stable with missing or surplus members. */
  readonly incompleteSinceSeconds: number | null;
  /** The wait was in vain: the group has fewer members than expected. */
  readonly membersMissing: boolean;
  readonly step: Step | null;
  /** How many consumers of the group run in one pod. */
  readonly membersPerReplica: number;
  /** The cost of a step: how long a change of members pauses the group, and how long until all new members consume. */
  readonly rebalanceSeconds: number;
  readonly stepSeconds: number;
};

type Step = {
  readonly up: boolean;
  readonly sinceSeconds: number;
  /** The present pause, and the longest of this step: pods that join one by one cause several. */
  readonly pauseSeconds: number;
  readonly longestPauseSeconds: number;
};

export type Phase = 'Settled' | 'Rebalancing' | 'RollingOut' | 'Joining' | 'Settling';

type Settled = { readonly phase: Phase; readonly next: Settling };

/** Assumed until a step was measured: a few pauses of some seconds while pods start one after another. */
const initialEstimate = { rebalanceSeconds: 10, stepSeconds: 40 };
/** Pods that have not joined by then (no room in the cluster, a crash loop) are not waited for any longer. */
const joinLimitSeconds = 300;
/**
 * Members of another whole multiple without a step: either a pod that is still leaving, or, after this time, as many
 * consumers in each pod.
 */
const recountSeconds = 60;
/** Twice Kubernetes' own deadline for a rollout. A canary, or a stuck rollout, must not block scaling without limit. */
const rolloutLimitSeconds = 1_200;

export function initialSettling(
  observation: Observation,
  rebalanceSeconds = initialEstimate.rebalanceSeconds,
): Settling {
  return {
    replicas: observation.workload.replicas,
    observedAtSeconds: observation.atSeconds,
    stableSinceSeconds: null,
    rollingSinceSeconds: null,
    incompleteSinceSeconds: null,
    membersMissing: false,
    step: null,
    membersPerReplica: initialMembersPerReplica(observation),
    rebalanceSeconds,
    stepSeconds: initialEstimate.stepSeconds,
  };
}

/**
 * A whole multiple of the replicas at the first observation means that each pod runs several consumers; not during a
 * rollout, in which old and new pods are members.
 */
function initialMembersPerReplica({ workload, kafka }: Observation): number {
  if ('unavailable' in kafka || kafka.group.state !== 'Stable') return 1;
  if (workload.replicas === 0 || workload.rolloutInProgress) return 1;
  const perReplica = kafka.group.members.length / workload.replicas;
  return Number.isInteger(perReplica) && perReplica > 0 ? perReplica : 1;
}

/**
 * How far the group has settled after its last change. An outage of Kafka counts as a change: afterwards the members join
 * again.
 */
export function settle(before: Settling, observation: Observation, settleSeconds: number): Settled {
  const { atSeconds, workload, kafka } = observation;
  const rollingSinceSeconds = workload.rolloutInProgress ? (before.rollingSinceSeconds ?? atSeconds) : null;
  const step = currentStep(before, observation);
  const unsettled: Settling = {
    ...before,
    replicas: workload.replicas,
    observedAtSeconds: atSeconds,
    stableSinceSeconds: null,
    rollingSinceSeconds,
    incompleteSinceSeconds: null,
    step: null,
  };
  if ('unavailable' in kafka) return { phase: 'Rebalancing', next: unsettled };
  if (rollingSinceSeconds !== null && atSeconds - rollingSinceSeconds < rolloutLimitSeconds) {
    return { phase: 'RollingOut', next: unsettled };
  }
  if (kafka.group.state === 'Rebalancing') {
    const sincePreviousSeconds = workload.replicas === before.replicas ? atSeconds - before.observedAtSeconds : 0;
    return { phase: 'Rebalancing', next: { ...unsettled, step: step && extended(step, sincePreviousSeconds) } };
  }
  return settleStable(before, unsettled, step, kafka.group.members.length, settleSeconds);
}

/** The group is stable: it is complete, or its members are still waited for, or their number is accepted. */
function settleStable(
  before: Settling,
  unsettled: Settling,
  step: Step | null,
  members: number,
  settleSeconds: number,
): Settled {
  const { replicas, observedAtSeconds: atSeconds } = unsettled;
  const incompleteSinceSeconds = before.incompleteSinceSeconds ?? atSeconds;
  let { membersPerReplica } = before;
  if (members !== replicas * membersPerReplica) {
    const isMultiple = members > 0 && members % replicas === 0;
    const limitSeconds = isMultiple && step === null ? recountSeconds : joinLimitSeconds;
    if (atSeconds - incompleteSinceSeconds < limitSeconds) {
      return {
        phase: 'Joining',
        next: { ...unsettled, step: step && { ...step, pauseSeconds: 0 }, incompleteSinceSeconds },
      };
    }
    // The number is final: each pod runs several consumers, or some pods will not join. The scaler can work with both.
    if (isMultiple) membersPerReplica = members / replicas;
  }
  const complete = members === replicas * membersPerReplica;
  const stableSinceSeconds = (replicas === before.replicas ? before.stableSinceSeconds : null) ?? atSeconds;
  const next: Settling = {
    ...unsettled,
    stableSinceSeconds,
    incompleteSinceSeconds: complete ? null : incompleteSinceSeconds,
    membersMissing: members < replicas * membersPerReplica,
    membersPerReplica,
    ...(step?.up === true && complete ? costOf(step, before, atSeconds) : {}),
  };
  const settled = atSeconds - stableSinceSeconds >= settleSeconds || replicas === 0;
  return { phase: settled ? 'Settled' : 'Settling', next };
}

function currentStep({ replicas, step }: Settling, { atSeconds, workload }: Observation): Step | null {
  if (workload.replicas === replicas) return step;
  return { up: workload.replicas > replicas, sinceSeconds: atSeconds, pauseSeconds: 0, longestPauseSeconds: 0 };
}

function extended(step: Step, seconds: number): Step {
  const pauseSeconds = step.pauseSeconds + seconds;
  return { ...step, pauseSeconds, longestPauseSeconds: Math.max(step.longestPauseSeconds, pauseSeconds) };
}

/** The worst observed cost counts, as in Flink's autoscaler, but an old worse case fades. */
function costOf(step: Step, before: Settling, atSeconds: number) {
  const fade = (old: number, seen: number) => Math.max(seen, 0.8 * old + 0.2 * seen);
  return {
    rebalanceSeconds: fade(before.rebalanceSeconds, step.longestPauseSeconds),
    stepSeconds: fade(before.stepSeconds, atSeconds - step.sinceSeconds),
  };
}
