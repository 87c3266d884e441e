import { arrivals } from './arrivals.ts';
import { mostMembers } from './assignment.ts';
import type { Demand } from './demand.ts';
import { addSample, emptyHistory } from './history.ts';
import { learn, memberCapacity, ownersOf } from './learning.ts';
import type { Observation } from './observation.ts';
import { readLag, type PartitionLag } from './partition-lag.ts';
import type { ScalerSpec } from './resource.ts';
import { settle, type Phase } from './settling.ts';
import type { ScalerState } from './state.ts';
import { throughput, type Throughput } from './throughput.ts';

/** What one look tells, together with what earlier ones left behind. */
export type Look = {
  readonly atSeconds: number;
  readonly replicas: number;
  readonly phase: Phase;
  /** Why the lag is unknown; null: it is known. */
  readonly unknown: string | null;
  readonly lags: readonly PartitionLag[];
  readonly totalLag: number;
  /** Over all partitions; undefined until there is something to compare with. */
  readonly arrivalPerSecond: number | undefined;
  /** More arrives than before, and how much more is still to be seen. */
  readonly jumped: boolean;
  readonly done: Throughput;
  /** Undefined while the lag, the arrivals or the capacity are unknown. */
  readonly demand: Demand | undefined;
  /** Partitions with arrivals or lag. */
  readonly canHelp: number;
  readonly state: ScalerState;
};

export function measure(spec: ScalerSpec, observation: Observation, before: ScalerState): Look {
  const { atSeconds, kafka, workload } = observation;
  const { phase, next: settling } = settle(before.settling, observation, spec.behavior.settleSeconds);
  const nothing = {
    atSeconds,
    replicas: workload.replicas,
    phase,
    lags: [],
    totalLag: 0,
    arrivalPerSecond: undefined,
    jumped: false,
    demand: undefined,
  };
  const reading =
    'unavailable' in kafka
      ? { known: false as const, why: kafka.unavailable, memory: before.lagMemory }
      : readLag(kafka.partitions, before.lagMemory, {
          atSeconds,
          topics: spec.topics,
          offsetReset: spec.offsetReset,
          maxAgeSeconds: spec.objective.maxAgeSeconds,
          groupAtWork: kafka.group.state === 'Stable' && kafka.group.members.length > 0,
        });
  if (!reading.known || 'unavailable' in kafka) {
    const state = { ...before, settling, lagMemory: reading.memory, failures: before.failures + 1 };
    const unknown = reading.known ? '' : reading.why;
    return { ...nothing, unknown, done: throughput(emptyHistory), canHelp: 0, state };
  }

  const lags = reading.partitions;
  const topics = lags.map((lag) => lag.topic);
  const owners = phase === 'Settled' ? ownersOf(lags, kafka) : null;
  const arriving = arrivals(before.history, atSeconds, lags, spec.pollSeconds);
  const arrivalsPerSecond = arriving?.perSecond;
  const history = addSample(before.history, atSeconds, lags, owners, spec.pollSeconds, arriving?.shifted);
  const done = throughput(history);
  const learned = learn(spec, { ...before, settling }, done, atSeconds, phase === 'Settled');
  const capacityPerSecond = memberCapacity(spec, learned, done);
  const { membersPerReplica, rebalanceSeconds } = learned.settling;
  const perPartition = lags.map(({ topic, lag }, index) => ({
    topic,
    lag,
    arrivalPerSecond: arrivalsPerSecond?.[index] ?? 0,
  }));
  const demand = {
    partitions: perPartition,
    drainSeconds: spec.objective.drainSeconds,
    utilization: spec.objective.targetUtilizationPercent / 100,
    rebalanceSeconds,
    assignor: kafka.group.assignor,
    membersPerReplica,
  };
  return {
    ...nothing,
    unknown: null,
    lags,
    totalLag: lags.reduce((sum, one) => sum + one.lag, 0),
    arrivalPerSecond: arrivalsPerSecond?.reduce((sum, one) => sum + one, 0),
    jumped: arriving?.jumped === true,
    done,
    demand: arrivalsPerSecond && capacityPerSecond !== undefined ? { ...demand, capacityPerSecond } : undefined,
    canHelp: perPartition.filter((one) => one.lag > 0 || one.arrivalPerSecond > 0).length,
    state: {
      ...learned,
      history,
      lagMemory: reading.memory,
      failures: 0,
      mostReplicas: Math.ceil(mostMembers(topics, kafka.group.assignor) / membersPerReplica),
    },
  };
}
