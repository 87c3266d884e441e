import type { Observation } from './observation.ts';

/** Where the group stands on its way from one number of replicas to the next, and what such a way has cost so far. */
export type Settling = {
  /** The replicas of the last look; another number is a step, whoever made it. */
  readonly replicas: number;
  readonly lookedAtSeconds: number;
  /** Since when the group has been stable and complete; null while it is not. */
  readonly stableSinceSeconds: number | null;
  /** Since when a rollout has been under way, or has been stuck; null while there is none. */
  readonly rollingSinceSeconds: number | null;
  /** Since when it has been stable although members are missing or surplus. */
  readonly incompleteSinceSeconds: number | null;
  /** Waiting was in vain: fewer members came than there should be. */
  readonly membersMissing: boolean;
  readonly step: Step | null;
  /** How many consumers of the group run in one pod. */
  readonly membersPerReplica: number;
  /** What a step costs: how long a change of members stops the group, and how long until all new members work. */
  readonly rebalanceSeconds: number;
  readonly stepSeconds: number;
};

type Step = {
  readonly up: boolean;
  readonly sinceSeconds: number;
  /** The stop that goes on now, and the longest of this step: pods that join one by one cause several. */
  readonly stopSeconds: number;
  readonly longestStopSeconds: number;
};

export type Phase = 'Settled' | 'Rebalancing' | 'RollingOut' | 'Joining' | 'Settling';

/** Assumed until a step was seen: a few stops of some seconds while pods come up one after another. */
const firstGuess = { rebalanceSeconds: 10, stepSeconds: 40 };
/** Pods that have not joined by then (no room in the cluster, a crash loop) are not waited for any longer. */
const joinLimitSeconds = 300;
/** Where nobody has scaled, members of another whole multiple: a pod that is still leaving, or else so many run in each. */
const recountSeconds = 60;
/** Nor is a rollout: twice Kubernetes' own deadline. A canary, or one that is stuck, must not end all scaling. */
const rolloutLimitSeconds = 1_200;

export const initialSettling = (
  observation: Observation,
  rebalanceSeconds = firstGuess.rebalanceSeconds,
): Settling => ({
  replicas: observation.workload.replicas,
  lookedAtSeconds: observation.atSeconds,
  stableSinceSeconds: null,
  rollingSinceSeconds: null,
  incompleteSinceSeconds: null,
  membersMissing: false,
  step: null,
  membersPerReplica: firstMembersPerReplica(observation),
  rebalanceSeconds,
  stepSeconds: firstGuess.stepSeconds,
});

/**
 * A whole multiple of the replicas at the first look means that each pod runs several consumers; not during a rollout, in
 * which old and new pods are members.
 */
function firstMembersPerReplica({ workload, kafka }: Observation): number {
  if ('unavailable' in kafka || kafka.group.state !== 'Stable') return 1;
  if (workload.replicas === 0 || workload.rolloutInProgress) return 1;
  const perReplica = kafka.group.members.length / workload.replicas;
  return Number.isInteger(perReplica) && perReplica > 0 ? perReplica : 1;
}

/** How far the group has settled after its last change. Kafka away counts as a change: the members will join anew. */
export function settle(
  before: Settling,
  observation: Observation,
  settleSeconds: number,
): { phase: Phase; next: Settling } {
  const { atSeconds, workload, kafka } = observation;
  const changed = workload.replicas !== before.replicas;
  const up = workload.replicas > before.replicas;
  const begun: Step | null = changed
    ? { up, sinceSeconds: atSeconds, stopSeconds: 0, longestStopSeconds: 0 }
    : before.step;
  const rollingSinceSeconds = workload.rolloutInProgress ? (before.rollingSinceSeconds ?? atSeconds) : null;
  const unsettled = {
    ...before,
    replicas: workload.replicas,
    lookedAtSeconds: atSeconds,
    stableSinceSeconds: null,
    rollingSinceSeconds,
  };
  if ('unavailable' in kafka) {
    return { phase: 'Rebalancing', next: { ...unsettled, step: null, incompleteSinceSeconds: null } };
  }
  const members = kafka.group.members.length;
  if (rollingSinceSeconds !== null && atSeconds - rollingSinceSeconds < rolloutLimitSeconds) {
    return { phase: 'RollingOut', next: { ...unsettled, step: null, incompleteSinceSeconds: null } };
  }
  if (kafka.group.state === 'Rebalancing') {
    const sinceLast = changed ? 0 : atSeconds - before.lookedAtSeconds;
    const stopSeconds = (begun?.stopSeconds ?? 0) + sinceLast;
    const longestStopSeconds = Math.max(begun?.longestStopSeconds ?? 0, stopSeconds);
    const step = begun && { ...begun, stopSeconds, longestStopSeconds };
    return { phase: 'Rebalancing', next: { ...unsettled, step, incompleteSinceSeconds: null } };
  }
  let { membersPerReplica } = before;
  const incompleteSince = before.incompleteSinceSeconds ?? atSeconds;
  if (members !== workload.replicas * membersPerReplica) {
    const isMultiple = members > 0 && members % workload.replicas === 0;
    const limitSeconds = isMultiple && begun === null ? recountSeconds : joinLimitSeconds;
    if (atSeconds - incompleteSince < limitSeconds) {
      return {
        phase: 'Joining',
        next: { ...unsettled, step: begun && { ...begun, stopSeconds: 0 }, incompleteSinceSeconds: incompleteSince },
      };
    }
    // So it stays: either each pod runs several consumers, or some pods will not come. Both can be worked with.
    if (isMultiple) membersPerReplica = members / workload.replicas;
  }
  const stableSinceSeconds = (changed ? null : before.stableSinceSeconds) ?? atSeconds;
  const complete = members === workload.replicas * membersPerReplica;
  const next: Settling = {
    ...unsettled,
    stableSinceSeconds,
    incompleteSinceSeconds: complete ? null : incompleteSince,
    membersMissing: members < workload.replicas * membersPerReplica,
    step: null,
    membersPerReplica,
    ...(begun?.up === true && complete ? costOf(begun, before, atSeconds) : {}),
  };
  const rested = atSeconds - stableSinceSeconds >= settleSeconds || workload.replicas === 0;
  return { phase: rested ? 'Settled' : 'Settling', next };
}

/** The worst that was seen counts, as in Flink's autoscaler, but a worse case of long ago fades. */
function costOf(step: Step, before: Settling, atSeconds: number) {
  const fade = (old: number, seen: number) => Math.max(seen, 0.8 * old + 0.2 * seen);
  return {
    rebalanceSeconds: fade(before.rebalanceSeconds, step.longestStopSeconds),
    stepSeconds: fade(before.stepSeconds, atSeconds - step.sinceSeconds),
  };
}
