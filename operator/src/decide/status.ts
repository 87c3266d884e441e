import { busiestMemberPerSecond, drainSeconds, neededPerSecond, type Demand } from './demand.ts';
import { oldestAgeSeconds } from './lag-age.ts';
import type { Measurement } from './measurement.ts';
import { partitionKey } from './observation.ts';
import type { Condition, Decision, ScalerSpec, ScalerStatus } from './resource.ts';
import { sum } from './sum.ts';

export type Bounds = {
  /** Zero only if a consumer without a committed offset starts at the beginning. */
  readonly min: number;
  /** The spec's maximum, and the replicas that can own a partition. */
  readonly max: number;
  /** The maximum for the present demand: partitions without arrivals or lag need no replica. */
  readonly limit: number;
};

export function boundsOf(spec: ScalerSpec, { state, canHelp }: Pick<Measurement, 'state' | 'canHelp'>): Bounds {
  const max = Math.max(1, Math.min(spec.maxReplicas ?? Infinity, state.maxOwningReplicas ?? Infinity));
  const min = Math.min(max, Math.max(spec.offsetReset === 'earliest' ? 0 : 1, spec.minReplicas));
  const helpful = Math.ceil(canHelp / state.settling.membersPerReplica);
  return { min, max, limit: Math.max(1, min, Math.min(max, helpful)) };
}

export function statusOf(spec: ScalerSpec, measured: Measurement, decision: Decision): ScalerStatus {
  const { lags, demand, state, replicas } = measured;
  const drain = demand === undefined ? null : drainSeconds(demand, replicas);
  return {
    replicas,
    desiredReplicas: decision.to,
    partitions: { total: lags.length, canHelp: measured.canHelp },
    lag: measured.unknownReason === null ? lagStatus(spec, measured) : null,
    arrivalPerSecond: measured.arrivalPerSecond ?? null,
    capacityPerReplicaPerSecond:
      demand === undefined ? state.capacityPerSecond : demand.capacityPerSecond * demand.membersPerReplica,
    predictedDrainSeconds: drain === Infinity ? null : drain,
    rebalanceSeconds: state.settling.rebalanceSeconds,
    lastDecision: { ...decision, atSeconds: measured.atSeconds },
    conditions: [
      lagKnown(measured),
      groupStable(measured),
      limited(spec, measured, decision),
      effective(measured),
      fallbackActive(spec, measured),
    ],
  };
}

function lagStatus({ objective }: ScalerSpec, { lags, totalLag, state, atSeconds }: Measurement): ScalerStatus['lag'] {
  const maxLag = Math.max(0, ...lags.map(({ lag }) => lag));
  const hottest = lags.find(({ lag }) => lag === maxLag);
  return {
    messages: totalLag,
    lateMessages: sum(lags.map(({ late }) => late)),
    ageSeconds: oldestAgeSeconds(state.history.checkpoints, lags, objective.maxAgeSeconds, atSeconds),
    hottestPartition: hottest !== undefined && maxLag > 0 ? partitionKey(hottest) : null,
  };
}

function lagKnown({ unknownReason }: Measurement): Condition {
  const type = 'LagKnown';
  return unknownReason === null
    ? { type, status: 'True', reason: 'AllPartitionsRead', message: 'The offsets of every partition are known.' }
    : { type, status: 'False', reason: 'OffsetsMissing', message: `The lag is unknown: ${unknownReason}.` };
}

function groupStable({ unknownReason, phase }: Measurement): Condition {
  const type = 'GroupStable';
  if (unknownReason !== null) {
    return { type, status: 'Unknown', reason: 'KafkaNotRead', message: 'The group could not be read.' };
  }
  return phase === 'Settled' || phase === 'Settling'
    ? { type, status: 'True', reason: 'Stable', message: 'Every replica owns its partitions.' }
    : { type, status: 'False', reason: phase, message: 'Members are joining, leaving or being replaced.' };
}

/** What prevents more replicas: the spec's maximum, the number of partitions, or one partition too hot for a replica. */
function limited(spec: ScalerSpec, measured: Measurement, decision: Decision): Condition {
  const type = 'Limited';
  const { demand } = measured;
  if (demand === undefined) {
    return { type, status: 'Unknown', reason: 'DemandUnknown', message: 'The demand is not measured yet.' };
  }
  const limit = limitOf(spec, measured, demand, decision);
  return limit === undefined
    ? { type, status: 'False', reason: 'NotLimited', message: 'Nothing prevents more replicas.' }
    : { type, status: 'True', ...limit };
}

function limitOf(
  spec: ScalerSpec,
  { lags, state, canHelp }: Measurement,
  demand: Demand,
  decision: Decision,
): Pick<Condition, 'reason' | 'message'> | undefined {
  const { max, limit } = boundsOf(spec, { state, canHelp });
  const needs = demand.partitions.map((partition) => neededPerSecond(partition, demand, false));
  const overloaded = busiestMemberPerSecond(demand, decision.to, false) > demand.capacityPerSecond;
  if (decision.to >= max && max < (state.maxOwningReplicas ?? Infinity) && overloaded) {
    return { reason: 'AtMax', message: `maxReplicas allows no more than ${max} replicas.` };
  }
  if (decision.to >= limit && sum(needs) > demand.capacityPerSecond * demand.membersPerReplica * limit) {
    return {
      reason: 'AtPartitions',
      message: `${canHelp} partitions have arrivals or lag, and occupy at most ${limit} replicas.`,
    };
  }
  const hottest = needs.indexOf(Math.max(...needs));
  if ((needs[hottest] ?? 0) > demand.capacityPerSecond) {
    const key = lags[hottest] === undefined ? '' : partitionKey(lags[hottest]);
    return { reason: 'HotPartition', message: `${key} alone needs more than one replica can process in time.` };
  }
  return undefined;
}

function effective({ state: { ceiling } }: Measurement): Condition {
  const type = 'Effective';
  return ceiling === null
    ? { type, status: 'True', reason: 'StepsHelp', message: 'No step up was ineffective.' }
    : {
        type,
        status: 'False',
        reason: 'SharedBottleneck',
        message:
          `More than ${ceiling.replicas} replicas brought less than a tenth of the predicted throughput: ` +
          'something that all replicas share, such as the database, is the bottleneck.',
      };
}

function fallbackActive(spec: ScalerSpec, { unknownReason, state }: Measurement): Condition {
  const type = 'FallbackActive';
  return unknownReason !== null && state.failures >= spec.fallback.afterFailures
    ? {
        type,
        status: 'True',
        reason: spec.fallback.behavior,
        message: `The lag is unknown: ${unknownReason}.`,
      }
    : { type, status: 'False', reason: 'NotNeeded', message: 'The lag is known, or was known recently.' };
}
