import { mostMembers } from './assignment.ts';
import { arrivals } from './arrivals.ts';
import type { Demand } from './demand.ts';
import { ceilingOf, keptPromise, stillHolds, type Ceiling, type Trial } from './effectiveness.ts';
import { addSample, emptyHistory, windowSeconds, type History } from './history.ts';
import { partitionKey, type KafkaReading, type Observation } from './observation.ts';
import { emptyLagMemory, readLag, type LagMemory, type PartitionLag } from './partition-lag.ts';
import type { ScalerSpec, ScalerStatus } from './resource.ts';
import { initialSettling, settle, type Phase, type Settling } from './settling.ts';
import { throughput, type Throughput } from './throughput.ts';

/** All that is carried from one look to the next. Plain data; the controller keeps it in memory. */
export type ScalerState = {
  readonly settling: Settling;
  readonly lagMemory: LagMemory;
  readonly history: History;
  /** What a replica processes per second; null until one was seen behind. */
  readonly capacityPerSecond: number | null;
  /** What each look of the scale-down window found to be needed. */
  readonly recommended: readonly { readonly atSeconds: number; readonly replicas: number }[];
  readonly trial: Trial | null;
  readonly ceiling: Ceiling | null;
  /** Looks in a row that left the lag unknown. */
  readonly failures: number;
  /** The most replicas that can own a partition; null until Kafka has said. */
  readonly mostReplicas: number | null;
};

/** The state before the first look. What an earlier run of the scaler had learned is in the status that it left behind. */
export function initialState(observation: Observation, status?: Partial<ScalerStatus>): ScalerState {
  return {
    settling: initialSettling(observation, status?.rebalanceSeconds),
    lagMemory: emptyLagMemory,
    history: emptyHistory,
    capacityPerSecond: status?.capacityPerReplicaPerSecond ?? null,
    recommended: [],
    trial: null,
    ceiling: null,
    failures: 0,
    mostReplicas: null,
  };
}

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
  const demand: Demand | undefined =
    arrivalsPerSecond === undefined || capacityPerSecond === undefined
      ? undefined
      : {
          partitions: lags.map(({ topic, lag }, index) => ({
            topic,
            lag,
            arrivalPerSecond: arrivalsPerSecond[index] ?? 0,
          })),
          capacityPerSecond,
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
    demand,
    canHelp: lags.filter((lag, index) => lag.lag > 0 || (arrivalsPerSecond?.[index] ?? 0) > 0).length,
    state: {
      ...learned,
      history,
      lagMemory: reading.memory,
      failures: 0,
      mostReplicas: Math.ceil(mostMembers(topics, kafka.group.assignor) / membersPerReplica),
    },
  };
}

/** The owner of each partition, named after the first partition that it owns: Kafka lists members in any order. */
function ownersOf(lags: readonly PartitionLag[], kafka: KafkaReading): number[] | null {
  const keys = new Map(lags.map((lag, index) => [partitionKey(lag), index]));
  const owners = lags.map(() => -1);
  for (const member of kafka.group.members) {
    const owned = member.flatMap((key) => keys.get(key) ?? []);
    for (const index of owned) owners[index] = Math.min(...owned);
  }
  return owners.includes(-1) ? null : owners;
}

/** What one member can do; undefined while nobody knows. What a member was seen to do, it can do. */
function memberCapacity(spec: ScalerSpec, state: ScalerState, done: Throughput): number | undefined {
  const { membersPerReplica } = state.settling;
  if (spec.capacity.mode === 'Fixed') return spec.capacity.recordsPerSecond / membersPerReplica;
  if (state.capacityPerSecond === null) return undefined;
  return Math.max(state.capacityPerSecond / membersPerReplica, done.provenPerSecond);
}

/** Takes capacity from members that are behind, and tells of the last step up whether it was of use. */
function learn(
  spec: ScalerSpec,
  state: ScalerState,
  done: Throughput,
  atSeconds: number,
  settled: boolean,
): ScalerState {
  if (!settled) return state;
  const { replicas, membersPerReplica } = state.settling;
  let { capacityPerSecond, trial, ceiling } = state;
  if (trial?.to !== replicas) trial = null;
  // Beyond a ceiling the members wait for something that they share, and would seem slower than they are.
  const shared = ceiling !== null && replicas > ceiling.replicas;
  if (done.capacityPerSecond !== undefined && !shared) {
    const weight = Math.min(1, done.busySeconds / windowSeconds(spec.pollSeconds));
    const seen = done.capacityPerSecond * membersPerReplica;
    capacityPerSecond = (capacityPerSecond ?? seen) * (1 - weight) + seen * weight;
  }
  const enough = 2 * spec.pollSeconds;
  const kept = trial === null ? undefined : keptPromise(trial, done, enough);
  if (ceiling !== null && done.seconds >= enough && !stillHolds(ceiling, done, atSeconds)) {
    // What was measured under the bottleneck is no longer true: settle once more and measure anew.
    return { ...state, trial, ceiling: null, settling: { ...state.settling, stableSinceSeconds: atSeconds } };
  }
  if (trial !== null && kept === false) {
    ceiling = ceilingOf(trial, done, atSeconds);
    capacityPerSecond = trial.capacityPerSecond;
  }
  return { ...state, capacityPerSecond, trial: kept === undefined ? trial : null, ceiling };
}
