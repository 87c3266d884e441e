import { assign, candidates } from './assignment.ts';
import { sum } from './sum.ts';

/** The arrivals and the lag of each partition, and what the objective requires of the group. */
export type Demand = {
  readonly partitions: readonly PartitionDemand[];
  readonly capacityPerSecond: number;
  readonly drainSeconds: number;
  /** Between 0 and 1. */
  readonly utilization: number;
  /** How long a change of members pauses the group. */
  readonly rebalanceSeconds: number;
  readonly assignor: string;
  readonly membersPerReplica: number;
};

type PartitionDemand = { readonly topic: string; readonly lag: number; readonly arrivalPerSecond: number };

/**
 * The capacity that a partition needs, after DS2 (OSDI 2018) and Flink's autoscaler: to drain the backlog in time, to keep
 * up with the arrivals at the target utilization, and to drain what accumulates during a rebalance.
 *
 *     lag / drainSeconds  +  arrival / utilization  +  arrival × rebalanceSeconds / drainSeconds
 */
export function neededPerSecond(partition: PartitionDemand, demand: Demand, withRebalance: boolean): number {
  const { lag, arrivalPerSecond } = partition;
  const accumulated = withRebalance ? arrivalPerSecond * demand.rebalanceSeconds : 0;
  return (lag + accumulated) / demand.drainSeconds + arrivalPerSecond / demand.utilization;
}

/**
 * What the busiest member would have to process per second with this many replicas. One partition counts for at most what
 * one member can process: beyond that no number of replicas helps it.
 */
export function busiestMemberPerSecond(demand: Demand, replicas: number, withRebalance: boolean): number {
  const max = demand.capacityPerSecond * demand.utilization;
  const loads = perMember(demand, replicas, (partition) =>
    Math.min(max, neededPerSecond(partition, demand, withRebalance)),
  );
  return Math.max(0, ...loads);
}

/**
 * The fewest replicas whose busiest member can process what it needs to; the limit if no number suffices. Keeping the
 * current number costs no rebalance, so that number is judged without one.
 */
export function fewestReplicas(demand: Demand, current: number, limit: number): number {
  const numbers = candidates(demand.partitions.length, limit, demand.membersPerReplica);
  if (current > 0 && current < limit) numbers.push(current);
  const fewest = numbers
    .toSorted((a, b) => a - b)
    .find((replicas) => busiestMemberPerSecond(demand, replicas, replicas !== current) <= demand.capacityPerSecond);
  return fewest ?? limit;
}

/**
 * How long this many replicas take until the busiest member has drained its backlog while records keep arriving; Infinity
 * if more records arrive than it can process.
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
 * How much sooner the partition that gains the most is drained with `to` replicas instead of `from`, if the new replicas
 * process records from `stepSeconds` on. Not the partition that is drained last: one that is too hot for any number of
 * replicas would hide what the others gain.
 */
export function savedSeconds(demand: Demand, from: number, to: number, stepSeconds: number): number {
  const after = partitionDrainSeconds(demand, to);
  const saved = partitionDrainSeconds(demand, from).map((before, partition) => {
    if (before === Infinity) return Infinity;
    return before === 0 ? 0 : Math.max(0, 1 - stepSeconds / before) * (before - (after[partition] ?? 0));
  });
  return Math.max(0, ...saved);
}

function partitionDrainSeconds(demand: Demand, replicas: number): number[] {
  const drains = memberDrainSeconds(demand, replicas, false);
  return ownersIn(demand, replicas).map((owner) => drains[owner] ?? 0);
}

/** How long a record that arrives now waits at the busiest member: for all records before it. */
export function waitSeconds(demand: Demand, replicas: number): number {
  return Math.max(0, ...perMember(demand, replicas, (partition) => partition.lag)) / demand.capacityPerSecond;
}

/** What this many replicas are expected to process per second while they drain the backlog within the objective. */
export function expectedPerSecond(demand: Demand, replicas: number): number {
  const loads = perMember(
    demand,
    replicas,
    (partition) => partition.arrivalPerSecond + partition.lag / demand.drainSeconds,
  );
  return sum(loads.map((load) => Math.min(demand.capacityPerSecond, load)));
}

function perMember(demand: Demand, replicas: number, loadOf: (partition: PartitionDemand) => number): number[] {
  const loads = Array.from({ length: replicas * demand.membersPerReplica }, () => 0);
  ownersIn(demand, replicas).forEach((owner, index) => {
    const partition = demand.partitions[index];
    if (partition !== undefined) loads[owner] = (loads[owner] ?? 0) + loadOf(partition);
  });
  return loads;
}

/** The member that owns each partition. */
function ownersIn(demand: Demand, replicas: number): readonly number[] {
  const topics = demand.partitions.map((partition) => partition.topic);
  return assign(topics, replicas * demand.membersPerReplica, demand.assignor);
}
