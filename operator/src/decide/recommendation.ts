import { candidates } from './assignment.ts';
import { drainSeconds, expectedPerSecond, fewestReplicas, savedSeconds, waitSeconds, type Demand } from './demand.ts';
import type { Trial } from './effectiveness.ts';
import type { Look } from './measurement.ts';
import type { Reason, ScalerSpec } from './resource.ts';
import { boundsOf } from './status.ts';

/** What a look suggests. */
export type Choice = {
  readonly to: number;
  readonly reason: Reason;
  readonly message: string;
  /** What the scale-down window remembers of this look. */
  readonly needed: number;
  /** The promise of a step up, to be compared with what it brings. */
  readonly trial?: Trial;
  readonly lookAgainSeconds?: number;
};

/** A jump of the arrivals is looked at once more after this time, to see its height and not its edge. */
const jumpLookSeconds = 4;

export const hold = (look: Look, reason: Reason, message: string, needed = look.replicas): Choice => ({
  to: look.replicas,
  needed,
  reason,
  message,
});

const afterJump = (choice: Choice): Choice => ({ ...choice, lookAgainSeconds: jumpLookSeconds });

/** What to do with a settled group whose lag is known: the heart of the scaler. */
export function recommend(spec: ScalerSpec, look: Look): Choice {
  const { replicas, totalLag, demand } = look;
  const { lowest, highest, limit } = boundsOf(spec, look);
  if (replicas === 0) {
    if (totalLag <= spec.activationLag)
      return hold(look, 'Idle', `${totalLag} records wait; activationLag allows that.`);
    if (demand !== undefined && look.jumped) return afterJump(hold(look, 'Measuring', 'Arrivals have just begun.'));
    const to = demand === undefined ? 1 : fewestReplicas(demand, 0, limit);
    return { to, needed: to, reason: 'Activated', message: `${totalLag} records wait and nobody consumes.` };
  }
  if (look.arrivalPerSecond === undefined) return hold(look, 'Measuring', 'Rates need a second look.');
  if (lowest === 0 && look.arrivalPerSecond === 0 && totalLag <= spec.activationLag) {
    return down(spec, look, 0, 'Idle', `Nothing arrives and ${totalLag} records wait`);
  }
  if (look.done.stalled) {
    return hold(look, 'Stalled', `${totalLag} records wait and no member makes progress: more replicas cannot help.`);
  }
  if (demand === undefined) return explore(spec, look, lowest);
  // Going up, partitions with nothing to do need no replica; going down is searched from where the group is.
  const wanted = Math.max(lowest, fewestReplicas(demand, replicas, Math.max(limit, Math.min(replicas, highest))));
  return wanted > replicas ? up(spec, look, demand, wanted) : notUp(spec, look, demand, wanted);
}

/** Nobody was ever behind, so what a replica can do is unknown: a class fewer is tried, until somebody is or it is the least. */
function explore(spec: ScalerSpec, look: Look, lowest: number): Choice {
  if (look.done.behind) return hold(look, 'Measuring', 'The group is behind; what a replica can do is being measured.');
  const fewer = candidates(look.lags.length, look.lags.length).findLast((number) => number < look.replicas) ?? 0;
  if (fewer < Math.max(1, lowest)) return hold(look, 'OnTarget', 'Nobody is behind.');
  return down(spec, look, fewer, 'Exploring', 'Nobody was ever behind, so fewer may do');
}

function notUp(spec: ScalerSpec, look: Look, demand: Demand, wanted: number): Choice {
  const { ceiling } = look.state;
  const needed = ceiling === null ? wanted : Math.min(wanted, ceiling.replicas);
  const situation = describe(look, demand);
  if (needed < wanted)
    return down(spec, look, needed, 'Ineffective', `${situation}; more than ${needed} brought nothing`);
  if (needed < look.replicas) return down(spec, look, needed, 'LessNeeded', situation);
  return hold(look, 'OnTarget', `${situation}: ${needed} are enough.`);
}

/** Goes up in one jump, if the group is behind its objective and the jump saves more time than its rebalance costs. */
function up(spec: ScalerSpec, look: Look, demand: Demand, wanted: number): Choice {
  const { replicas } = look;
  const { ceiling, settling, trial } = look.state;
  const situation = describe(look, demand);
  const wait = (reason: Reason, why: string): Choice => hold(look, reason, `${situation}; ${why}.`, wanted);
  if (ceiling !== null && wanted > ceiling.replicas) {
    if (ceiling.replicas < replicas) return notUp(spec, look, demand, wanted);
    return hold(look, 'Ineffective', `${situation}; the last step up brought less than a tenth of its promise.`);
  }
  const drain = drainSeconds(demand, replicas);
  // A backlog that is gone before any record in it gets too old is within the objective, not behind it.
  const late = look.lags.some((partition) => partition.late > 0);
  if (!late && drain < Infinity && waitSeconds(demand, replicas) <= spec.objective.maxAgeSeconds) {
    return wait('WithinObjective', `that is done in ${seconds(drain)} and nothing gets too old`);
  }
  // Until the new replicas work the old ones go on alone; what is left by then is done sooner by more of them.
  if (savedSeconds(demand, replicas, wanted, settling.stepSeconds) <= settling.rebalanceSeconds) {
    return wait('NotWorthRebalance', `that is done in ${seconds(drain)}, before ${wanted} replicas could help`);
  }
  if (trial !== null) return wait('Measuring', 'what the last step up brought is not known yet');
  if (settling.membersMissing) return wait('WaitingForMembers', `not even all of the present ${replicas} have joined`);
  if (look.jumped) return afterJump(wait('Measuring', 'arrivals have just jumped, and one step is to suffice'));
  const afterwards = seconds(drainSeconds(demand, wanted, true));
  return {
    to: wanted,
    needed: wanted,
    reason: 'BehindObjective',
    message: `${situation}: ${replicas} would take ${seconds(drain)}, ${wanted} take ${afterwards}.`,
    trial: {
      from: replicas,
      to: wanted,
      expectedBeforePerSecond: expectedPerSecond(demand, replicas),
      expectedAfterPerSecond: expectedPerSecond(demand, wanted),
      capacityPerSecond: look.state.capacityPerSecond,
    },
  };
}

/** Goes down to the most that any look of the window needed, so that a lull does not cost two rebalances. */
function down(spec: ScalerSpec, look: Look, needed: number, reason: Reason, why: string): Choice {
  const { replicas, atSeconds } = look;
  const { scaleDownWindowSeconds } = spec.behavior;
  const recent = look.state.recommended.filter((past) => past.atSeconds > atSeconds - scaleDownWindowSeconds);
  const most = Math.max(needed, ...recent.map((past) => past.replicas));
  if (most < replicas) return { to: most, needed, reason, message: `${why}: ${most} are enough.` };
  const message = `${why}: ${needed} would be enough, if that lasts ${scaleDownWindowSeconds} s.`;
  return { to: replicas, needed, reason: 'WaitingForWindow', message };
}

function describe(look: Look, demand: Demand): string {
  const capacity = demand.capacityPerSecond * demand.membersPerReplica;
  return `${look.totalLag} records wait, ${rate(look.arrivalPerSecond ?? 0)}/s arrive, a replica does ${rate(capacity)}/s`;
}

const rate = (perSecond: number) => (perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0));
const seconds = (number: number) => (number === Infinity ? 'for ever' : `${Math.ceil(number)} s`);
