import { busiestMemberPerSecond, drainSeconds, neededPerSecond } from './demand.ts';
import { oldestAgeSeconds } from './lag-age.ts';
import type { Look } from './measurement.ts';
import { partitionKey } from './observation.ts';
import type { Condition, Decision, ScalerSpec, ScalerStatus } from './resource.ts';

export type Bounds = {
  /** Below this never: zero only where a consumer that starts without an offset starts at the beginning. */
  readonly lowest: number;
  /** Above this never: the user's maximum, and the replicas that can own a partition. */
  readonly highest: number;
  /** Above this not for any demand that there is now: partitions without arrivals or lag need no replica. */
  readonly limit: number;
};

export function boundsOf(spec: ScalerSpec, look: Look): Bounds {
  const highest = Math.max(1, Math.min(spec.maxReplicas ?? Infinity, look.state.mostReplicas ?? Infinity));
  const lowest = Math.min(highest, Math.max(spec.offsetReset === 'earliest' ? 0 : 1, spec.minReplicas));
  const helpful = Math.ceil(look.canHelp / look.state.settling.membersPerReplica);
  return { lowest, highest, limit: Math.max(1, lowest, Math.min(highest, helpful)) };
}

export function statusOf(spec: ScalerSpec, look: Look, decision: Decision): ScalerStatus {
  const { lags, demand, state, replicas } = look;
  const mostLag = Math.max(0, ...lags.map((one) => one.lag));
  const hottest = lags.find((one) => one.lag === mostLag);
  const drain = demand === undefined ? null : drainSeconds(demand, replicas);
  return {
    replicas,
    desiredReplicas: decision.to,
    partitions: { total: lags.length, canHelp: look.canHelp },
    lag:
      look.unknown !== null
        ? null
        : {
            messages: look.totalLag,
            lateMessages: lags.reduce((sum, one) => sum + one.late, 0),
            ageSeconds: oldestAgeSeconds(state.history.checkpoints, lags, spec.objective.maxAgeSeconds, look.atSeconds),
            hottestPartition: hottest !== undefined && mostLag > 0 ? partitionKey(hottest) : null,
          },
    arrivalPerSecond: look.arrivalPerSecond ?? null,
    capacityPerReplicaPerSecond:
      demand === undefined ? state.capacityPerSecond : demand.capacityPerSecond * demand.membersPerReplica,
    predictedDrainSeconds: drain === Infinity ? null : drain,
    rebalanceSeconds: state.settling.rebalanceSeconds,
    lastDecision: { ...decision, atSeconds: look.atSeconds },
    conditions: [
      lagKnown(look),
      groupStable(look),
      limited(spec, look, decision),
      effective(look),
      fallback(spec, look),
    ],
  };
}

const lagKnown = (look: Look): Condition =>
  look.unknown === null
    ? { type: 'LagKnown', status: 'True', reason: 'AllPartitionsRead', message: 'Every partition’s offsets are known.' }
    : { type: 'LagKnown', status: 'False', reason: 'OffsetsMissing', message: `The lag is unknown: ${look.unknown}.` };

const groupStable = (look: Look): Condition =>
  look.unknown !== null
    ? { type: 'GroupStable', status: 'Unknown', reason: 'KafkaNotRead', message: 'The group could not be read.' }
    : look.phase === 'Settled' || look.phase === 'Settling'
      ? { type: 'GroupStable', status: 'True', reason: 'Stable', message: 'Every replica owns its partitions.' }
      : {
          type: 'GroupStable',
          status: 'False',
          reason: look.phase,
          message: 'Members are joining, leaving or changing.',
        };

/** Says what stands in the way of more: the user's maximum, the number of partitions, or one partition too hot for a replica. */
function limited(spec: ScalerSpec, look: Look, decision: Decision): Condition {
  const type = 'Limited';
  const free: Condition = {
    type,
    status: 'False',
    reason: 'NotLimited',
    message: 'Nothing stands in the way of more.',
  };
  const { demand } = look;
  if (demand === undefined)
    return { ...free, status: 'Unknown', reason: 'DemandUnknown', message: 'Not measured yet.' };
  const { highest, limit } = boundsOf(spec, look);
  const needs = demand.partitions.map((partition) => neededPerSecond(partition, demand, false));
  const hottest = needs.indexOf(Math.max(...needs));
  const key = look.lags[hottest] === undefined ? '' : partitionKey(look.lags[hottest]);
  const total = needs.reduce((sum, need) => sum + need, 0);
  const tooMuch = busiestMemberPerSecond(demand, decision.to, false) > demand.capacityPerSecond;
  if (decision.to >= highest && highest < (look.state.mostReplicas ?? Infinity) && tooMuch) {
    return { type, status: 'True', reason: 'AtMax', message: `maxReplicas allows no more than ${highest} replicas.` };
  }
  if (decision.to >= limit && total > demand.capacityPerSecond * demand.membersPerReplica * limit) {
    return {
      type,
      status: 'True',
      reason: 'AtPartitions',
      message: `${look.canHelp} partitions keep ${limit} replicas busy, no more.`,
    };
  }
  if ((needs[hottest] ?? 0) > demand.capacityPerSecond) {
    return {
      type,
      status: 'True',
      reason: 'HotPartition',
      message: `${key} alone is more than a replica can do in time.`,
    };
  }
  return free;
}

function effective({ state: { ceiling } }: Look): Condition {
  return ceiling === null
    ? { type: 'Effective', status: 'True', reason: 'StepsHelp', message: 'No step up has failed to help.' }
    : {
        type: 'Effective',
        status: 'False',
        reason: 'SharedBottleneck',
        message: `More than ${ceiling.replicas} replicas brought less than a tenth of what they should: something that they share, such as the database, is the bottleneck.`,
      };
}

function fallback(spec: ScalerSpec, look: Look): Condition {
  const active = look.unknown !== null && look.state.failures >= spec.fallback.afterFailures;
  return active
    ? {
        type: 'FallbackActive',
        status: 'True',
        reason: spec.fallback.behavior,
        message: `The lag is unknown: ${look.unknown}.`,
      }
    : { type: 'FallbackActive', status: 'False', reason: 'NotNeeded', message: 'The lag is known or was so lately.' };
}
