import { assign, candidates } from './assignment.ts';

/** What arrives in a partition and what waits there, and what the group is asked to do about it. */
export type Demand = {
  readonly partitions: readonly { readonly topic: string; readonly lag: number; readonly arrivalPerSecond: number }[];
  readonly capacityPerSecond: number;
  readonly drainSeconds: number;
  /** Between 0 and 1. */
  readonly utilization: number;
  /** How long the group stands still when its members change. */
  readonly rebalanceSeconds: number;
  readonly assignor: string;
  readonly membersPerReplica: number;
};

/**
 * The capacity that a partition needs, after DS2 (OSDI 2018) and Flink's autoscaler: what drains the backlog in time,
 * what the arrivals need at the target utilization, and what drains that which piles up during a rebalance.
 *
 *     lag / drainSeconds  +  arrival / utilization  +  arrival × rebalanceSeconds / drainSeconds
 */
export function neededPerSecond(
  partition: Demand['partitions'][number],
  demand: Demand,
  withRebalance: boolean,
): number {
  const { lag, arrivalPerSecond } = partition;
  const piledUp = withRebalance ? arrivalPerSecond * demand.rebalanceSeconds : 0;
  return (lag + piledUp) / demand.drainSeconds + arrivalPerSecond / demand.utilization;
}

/**
 * What the busiest member would have to process per second with this many replicas. One partition counts for no more
 * than one member can be asked for: beyond that no number of replicas helps it.
 */
export function busiestMemberPerSecond(demand: Demand, replicas: number, withRebalance: boolean): number {
  const most = demand.capacityPerSecond * demand.utilization;
  const loads = perMember(demand, replicas, (partition) =>
    Math.min(most, neededPerSecond(partition, demand, withRebalance)),
  );
  return Math.max(0, ...loads);
}

/**
 * The fewest replicas whose busiest member can do what it needs to. Changing nothing costs no rebalance, so the current
 * number is judged without one. If none is enough, it is the limit.
 */
export function fewestReplicas(demand: Demand, current: number, limit: number): number {
  const numbers = candidates(demand.partitions.length, limit, demand.membersPerReplica);
  if (current > 0 && current < limit) numbers.push(current);
  const enough = numbers
    .toSorted((a, b) => a - b)
    .find((replicas) => busiestMemberPerSecond(demand, replicas, replicas !== current) <= demand.capacityPerSecond);
  return enough ?? limit;
}

/**
 * How long this many replicas take until the busiest member has worked off its backlog, arrivals going on; Infinity if
 * more arrives than it can process.
 */
export function drainSeconds(demand: Demand, replicas: number, withRebalance = false): number {
  if (replicas === 0) return demand.partitions.some((partition) => partition.lag > 0) ? Infinity : 0;
  return Math.max(0, ...memberDrainSeconds(demand, replicas, withRebalance));
}

function memberDrainSeconds(demand: Demand, replicas: number, withRebalance: boolean): number[] {
  const lags = perMember(demand, replicas, (partition) => partition.lag);
  return perMember(demand, replicas, (partition) => partition.arrivalPerSecond).map((arrival, member) => {
    const backlog = (lags[member] ?? 0) + (withRebalance ? arrival * demand.rebalanceSeconds : 0);
    if (arrival >= demand.capacityPerSecond) return Infinity;
    return backlog / (demand.capacityPerSecond - arrival);
  });
}

/**
 * By how much sooner, with `to` replicas in place of `from`, the partition that gains the most is worked off; they work from
 * `stepSeconds` on. Not the last of all: one partition too hot for any number would hide what the others gain.
 */
export function savedSeconds(demand: Demand, from: number, to: number, stepSeconds: number): number {
  const then = partitionDrainSeconds(demand, to);
  const saved = partitionDrainSeconds(demand, from).map((now, partition) => {
    if (now === Infinity) return Infinity;
    return now === 0 ? 0 : Math.max(0, 1 - stepSeconds / now) * (now - (then[partition] ?? 0));
  });
  return Math.max(0, ...saved);
}

function partitionDrainSeconds(demand: Demand, replicas: number): number[] {
  const drains = memberDrainSeconds(demand, replicas, false);
  return owners(demand, replicas).map((owner) => drains[owner] ?? 0);
}

/** How long a record that arrives now waits at the busiest member: for all that was there before it. */
export function waitSeconds(demand: Demand, replicas: number): number {
  return Math.max(0, ...perMember(demand, replicas, (partition) => partition.lag)) / demand.capacityPerSecond;
}

/** What this many replicas would process per second while they work off the backlog within the objective. */
export function expectedPerSecond(demand: Demand, replicas: number): number {
  const loads = perMember(
    demand,
    replicas,
    (partition) => partition.arrivalPerSecond + partition.lag / demand.drainSeconds,
  );
  return loads.reduce((sum, load) => sum + Math.min(demand.capacityPerSecond, load), 0);
}

function perMember(
  demand: Demand,
  replicas: number,
  loadOf: (partition: Demand['partitions'][number]) => number,
): number[] {
  const loads = Array.from({ length: replicas * demand.membersPerReplica }, () => 0);
  owners(demand, replicas).forEach((owner, index) => {
    const partition = demand.partitions[index];
    if (partition !== undefined) loads[owner] = (loads[owner] ?? 0) + loadOf(partition);
  });
  return loads;
}

/** Which member owns each partition. */
const owners = (demand: Demand, replicas: number): readonly number[] =>
  assign(
    demand.partitions.map((partition) => partition.topic),
    replicas * demand.membersPerReplica,
    demand.assignor,
  );
