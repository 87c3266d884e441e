import { candidates } from './assignment.ts';
import { drainSeconds, expectedPerSecond, fewestReplicas, savedSeconds, waitSeconds, type Demand } from './demand.ts';
import type { Trial } from './effectiveness.ts';
import type { Measurement } from './measurement.ts';
import type { Reason, ScalerSpec } from './resource.ts';
import { boundsOf } from './status.ts';

/** What a measurement suggests, before the bounds apply. */
export type Recommendation = {
  readonly to: number;
  readonly reason: Reason;
  readonly message: string;
  /** What the scale-down window remembers of this reconciliation. */
  readonly needed: number;
  /** The predicted effect of a step up, to be compared with the measured one. */
  readonly trial?: Trial;
  readonly requeueAfterSeconds?: number;
};

/** After this time the new level of the arrivals is measured, and not only its edge. */
const jumpRequeueSeconds = 4;

export function hold(
  measured: Measurement,
  reason: Reason,
  message: string,
  needed = measured.replicas,
): Recommendation {
  return { to: measured.replicas, needed, reason, message };
}

/** The recommendation for a settled group whose lag is known: the core of the scaler. */
export function recommend(spec: ScalerSpec, measured: Measurement): Recommendation {
  const { replicas, totalLag, demand } = measured;
  const { min, max, limit } = boundsOf(spec, measured);
  if (replicas === 0) return activate(spec, measured, limit);
  if (measured.arrivalPerSecond === undefined) {
    return hold(measured, 'Measuring', 'Rates need a second observation.');
  }
  if (min === 0 && measured.arrivalPerSecond === 0 && totalLag <= spec.activationLag) {
    return scaleDown(spec, measured, 0, 'Idle', `Nothing arrives and ${totalLag} records wait`);
  }
  if (measured.throughput.stalled) {
    const message = `${totalLag} records wait and no member makes progress: more replicas cannot help.`;
    return hold(measured, 'Stalled', message);
  }
  if (demand === undefined) return explore(spec, measured, min);
  // Partitions without demand are no reason to scale up; scaling down is searched from the present number.
  const wanted = Math.max(min, fewestReplicas(demand, replicas, Math.max(limit, Math.min(replicas, max))));
  return wanted > replicas ? scaleUp(spec, measured, demand, wanted) : keepOrReduce(spec, measured, demand, wanted);
}

function activate(spec: ScalerSpec, measured: Measurement, limit: number): Recommendation {
  const { totalLag, demand, jumped } = measured;
  if (totalLag <= spec.activationLag) {
    return hold(measured, 'Idle', `${totalLag} records wait, no more than activationLag.`);
  }
  if (demand !== undefined && jumped) return afterJump(hold(measured, 'Measuring', 'Arrivals have just begun.'));
  const to = demand === undefined ? 1 : fewestReplicas(demand, 0, limit);
  return { to, needed: to, reason: 'Activated', message: `${totalLag} records wait and no replica consumes.` };
}

/** The capacity is unknown until a replica is saturated: one class fewer is tried until one is, or down to the minimum. */
function explore(spec: ScalerSpec, measured: Measurement, min: number): Recommendation {
  if (measured.throughput.saturated) {
    return hold(measured, 'Measuring', 'The group lags; the capacity of a replica is being measured.');
  }
  const partitions = measured.lags.length;
  const fewer = candidates(partitions, partitions).findLast((number) => number < measured.replicas) ?? 0;
  if (fewer < Math.max(1, min)) return hold(measured, 'OnTarget', 'No replica is saturated.');
  return scaleDown(spec, measured, fewer, 'Exploring', 'No replica was ever saturated, so fewer may suffice');
}

function keepOrReduce(spec: ScalerSpec, measured: Measurement, demand: Demand, wanted: number): Recommendation {
  const { ceiling } = measured.state;
  const needed = ceiling === null ? wanted : Math.min(wanted, ceiling.replicas);
  const situation = describe(measured, demand);
  if (needed < wanted) {
    return scaleDown(spec, measured, needed, 'Ineffective', `${situation}; more than ${needed} brought no throughput`);
  }
  if (needed < measured.replicas) return scaleDown(spec, measured, needed, 'LessNeeded', situation);
  return hold(measured, 'OnTarget', `${situation}: ${suffices(needed)}.`);
}

/** Scales up in one step, if the group is behind its objective and the step saves more time than its rebalance costs. */
function scaleUp(spec: ScalerSpec, measured: Measurement, demand: Demand, wanted: number): Recommendation {
  const { replicas } = measured;
  const { ceiling } = measured.state;
  const situation = describe(measured, demand);
  if (ceiling !== null && wanted > ceiling.replicas) {
    if (ceiling.replicas < replicas) return keepOrReduce(spec, measured, demand, wanted);
    const message = `${situation}; the last step up brought less than a tenth of the predicted throughput.`;
    return hold(measured, 'Ineffective', message);
  }
  const obstacle = obstacleTo(spec, measured, demand, wanted);
  if (obstacle !== undefined) {
    const held = hold(measured, obstacle.reason, `${situation}; ${obstacle.why}.`, wanted);
    return obstacle.jumped === true ? afterJump(held) : held;
  }
  return {
    to: wanted,
    needed: wanted,
    reason: 'BehindObjective',
    message: `${situation}: ${compare(demand, replicas, wanted)}.`,
    trial: {
      from: replicas,
      to: wanted,
      expectedBeforePerSecond: expectedPerSecond(demand, replicas),
      expectedAfterPerSecond: expectedPerSecond(demand, wanted),
      capacityPerSecond: measured.state.capacityPerSecond,
    },
  };
}

type Obstacle = { readonly reason: Reason; readonly why: string; readonly jumped?: boolean };

/** Why a step up has to wait, or is not needed; undefined if it is due. */
function obstacleTo(spec: ScalerSpec, measured: Measurement, demand: Demand, wanted: number): Obstacle | undefined {
  const { replicas, lags, state, jumped } = measured;
  const drain = drainSeconds(demand, replicas);
  // A backlog that drains before any of its records becomes too old is within the objective, not behind it.
  const late = lags.some((partition) => partition.late > 0);
  if (!late && drain < Infinity && waitSeconds(demand, replicas) <= spec.objective.maxAgeSeconds) {
    return { reason: 'WithinObjective', why: `they drain in ${seconds(drain)}, before any becomes too old` };
  }
  // Until the new replicas process records, the old ones go on alone; more replicas speed up only what is left by then.
  if (savedSeconds(demand, replicas, wanted, state.settling.stepSeconds) <= state.settling.rebalanceSeconds) {
    return {
      reason: 'NotWorthRebalance',
      why: `they drain in ${seconds(drain)}, before ${wanted} replicas could help`,
    };
  }
  if (state.trial !== null) return { reason: 'Measuring', why: 'the effect of the last step up is not yet known' };
  if (state.settling.membersMissing) {
    return { reason: 'WaitingForMembers', why: `not all of the ${replicas} replicas have joined the group` };
  }
  if (jumped) return { reason: 'Measuring', why: 'arrivals have just jumped, and their new level is measured', jumped };
  return undefined;
}

/** Scales down to the most that the window required, so that a short lull does not cost two rebalances. */
function scaleDown(
  spec: ScalerSpec,
  measured: Measurement,
  needed: number,
  reason: Reason,
  why: string,
): Recommendation {
  const { replicas, atSeconds, state } = measured;
  const { scaleDownWindowSeconds } = spec.behavior;
  const recent = state.recommended.filter((past) => past.atSeconds > atSeconds - scaleDownWindowSeconds);
  const to = Math.max(needed, ...recent.map((past) => past.replicas));
  if (to < replicas) return { to, needed, reason, message: `${why}: ${suffices(to)}.` };
  const message = `${why}: ${needed} would suffice, if that lasts ${scaleDownWindowSeconds} s.`;
  return { to: replicas, needed, reason: 'WaitingForWindow', message };
}

function afterJump(recommendation: Recommendation): Recommendation {
  return { ...recommendation, requeueAfterSeconds: jumpRequeueSeconds };
}

function describe({ totalLag, arrivalPerSecond = 0 }: Measurement, demand: Demand): string {
  const capacity = rate(demand.capacityPerSecond * demand.membersPerReplica);
  return `${totalLag} records wait, ${rate(arrivalPerSecond)}/s arrive, a replica processes ${capacity}/s`;
}

function compare(demand: Demand, replicas: number, wanted: number): string {
  const before = drainTime(replicas, drainSeconds(demand, replicas));
  return `${before}, ${drainTime(wanted, drainSeconds(demand, wanted, true))}`;
}

function drainTime(replicas: number, drain: number): string {
  return drain === Infinity ? `${replicas} would never drain them` : `${replicas} would take ${seconds(drain)}`;
}

function suffices(replicas: number): string {
  return replicas === 1 ? '1 replica suffices' : `${replicas} replicas suffice`;
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0);
}

function seconds(number: number): string {
  return `${Math.ceil(number)} s`;
}
