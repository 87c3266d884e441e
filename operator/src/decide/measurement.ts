import { measureArrivals } from './arrivals.ts';
import { maxOwners } from './assignment.ts';
import type { Demand } from './demand.ts';
import { addSample, emptyHistory } from './history.ts';
import { learn, memberCapacity, ownersOf } from './learning.ts';
import type { KafkaReading, Observation } from './observation.ts';
import { readLag, type PartitionLag } from './partition-lag.ts';
import type { ScalerSpec } from './resource.ts';
import { settle, type Phase, type Settling } from './settling.ts';
import type { ScalerState } from './state.ts';
import { sum } from './sum.ts';
import { measureThroughput, type Throughput } from './throughput.ts';

/** What follows from an observation and the state of the earlier ones. */
export type Measurement = {
  readonly atSeconds: number;
  readonly replicas: number;
  readonly phase: Phase;
  /** Why the lag is unknown; null if it is known. */
  readonly unknownReason: string | null;
  readonly lags: readonly PartitionLag[];
  readonly totalLag: number;
  /** Over all partitions; undefined without an earlier sample to compare with. */
  readonly arrivalPerSecond: number | undefined;
  /** The arrivals have risen to a new level, which is not yet known. */
  readonly jumped: boolean;
  readonly throughput: Throughput;
  /** Undefined while the lag, the arrivals or the capacity are unknown. */
  readonly demand: Demand | undefined;
  /** Partitions with arrivals or lag. */
  readonly canHelp: number;
  /** With what was learned from this observation. */
  readonly state: ScalerState;
};

export function measure(spec: ScalerSpec, observation: Observation, before: ScalerState): Measurement {
  const { kafka } = observation;
  const { phase, next: settling } = settle(before.settling, observation, spec.behavior.settleSeconds);
  if ('unavailable' in kafka) {
    return unknownLag(observation, phase, { ...before, settling }, kafka.unavailable);
  }
  const reading = readLag(kafka.partitions, before.lagMemory, {
    atSeconds: observation.atSeconds,
    topics: spec.topics,
    offsetReset: spec.offsetReset,
    maxAgeSeconds: spec.objective.maxAgeSeconds,
    groupIsActive: kafka.group.state === 'Stable' && kafka.group.members.length > 0,
  });
  const state = { ...before, settling, lagMemory: reading.memory };
  if (!reading.known) return unknownLag(observation, phase, state, reading.reason);
  return knownLag(spec, { ...observation, kafka }, phase, state, reading.partitions);
}

function unknownLag(
  { atSeconds, workload }: Observation,
  phase: Phase,
  state: ScalerState,
  reason: string,
): Measurement {
  return {
    atSeconds,
    replicas: workload.replicas,
    phase,
    unknownReason: reason,
    lags: [],
    totalLag: 0,
    arrivalPerSecond: undefined,
    jumped: false,
    throughput: measureThroughput(emptyHistory),
    demand: undefined,
    canHelp: 0,
    state: { ...state, failures: state.failures + 1 },
  };
}

function knownLag(
  spec: ScalerSpec,
  { atSeconds, workload, kafka }: Observation & { readonly kafka: KafkaReading },
  phase: Phase,
  before: ScalerState,
  lags: readonly PartitionLag[],
): Measurement {
  const settled = phase === 'Settled';
  const { assignor } = kafka.group;
  const arrivals = measureArrivals(before.history, atSeconds, lags, spec.pollSeconds);
  const owners = settled ? ownersOf(lags, kafka) : null;
  const history = addSample(before.history, atSeconds, lags, owners, spec.pollSeconds, arrivals?.shifted);
  const throughput = measureThroughput(history);
  const learned = learn(spec, before, throughput, atSeconds, settled);
  const partitions = lags.map(({ topic, lag }, index) => ({
    topic,
    lag,
    arrivalPerSecond: arrivals?.perSecond[index] ?? 0,
  }));
  const capacityPerSecond = memberCapacity(spec, learned, throughput);
  const { membersPerReplica } = learned.settling;
  const topics = lags.map(({ topic }) => topic);
  return {
    atSeconds,
    replicas: workload.replicas,
    phase,
    unknownReason: null,
    lags,
    totalLag: sum(lags.map(({ lag }) => lag)),
    arrivalPerSecond: arrivals && sum(arrivals.perSecond),
    jumped: arrivals?.jumped === true,
    throughput,
    demand:
      arrivals && capacityPerSecond !== undefined
        ? demandOf(spec, partitions, capacityPerSecond, learned.settling, assignor)
        : undefined,
    canHelp: partitions.filter(({ lag, arrivalPerSecond }) => lag > 0 || arrivalPerSecond > 0).length,
    state: {
      ...learned,
      history,
      failures: 0,
      maxOwningReplicas: Math.ceil(maxOwners(topics, assignor) / membersPerReplica),
    },
  };
}

function demandOf(
  { objective }: ScalerSpec,
  partitions: Demand['partitions'],
  capacityPerSecond: number,
  { rebalanceSeconds, membersPerReplica }: Settling,
  assignor: string,
): Demand {
  return {
    partitions,
    capacityPerSecond,
    drainSeconds: objective.drainSeconds,
    utilization: objective.targetUtilizationPercent / 100,
    rebalanceSeconds,
    assignor,
    membersPerReplica,
  };
}
