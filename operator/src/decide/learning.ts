import { ceilingOf, stillLimits, wasEffective } from './effectiveness.ts';
import { windowSeconds } from './history.ts';
import { partitionKey, type KafkaReading } from './observation.ts';
import type { PartitionLag } from './partition-lag.ts';
import type { ScalerSpec } from './resource.ts';
import type { ScalerState } from './state.ts';
import type { Throughput } from './throughput.ts';

/** The owner of each partition, named after the first partition that it owns: Kafka lists members in any order. */
export function ownersOf(lags: readonly PartitionLag[], kafka: KafkaReading): number[] | null {
  const keys = new Map(lags.map((lag, index) => [partitionKey(lag), index]));
  const owners = lags.map(() => -1);
  for (const member of kafka.group.members) {
    const owned = member.flatMap((key) => keys.get(key) ?? []);
    const name = owned.reduce((first, index) => Math.min(first, index), Infinity);
    for (const index of owned) owners[index] = name;
  }
  return owners.includes(-1) ? null : owners;
}

/** What one member can process per second, at least what a member did process; undefined while it is unknown. */
export function memberCapacity(spec: ScalerSpec, state: ScalerState, measured: Throughput): number | undefined {
  const { membersPerReplica } = state.settling;
  if (spec.capacity.mode === 'Fixed') return spec.capacity.recordsPerSecond / membersPerReplica;
  if (state.capacityPerSecond === null) return undefined;
  return Math.max(state.capacityPerSecond / membersPerReplica, measured.provenPerSecond);
}

/** Learns the capacity from saturated members, and evaluates the last step up. */
export function learn(
  spec: ScalerSpec,
  state: ScalerState,
  measured: Throughput,
  atSeconds: number,
  settled: boolean,
): ScalerState {
  if (!settled) return state;
  const { replicas } = state.settling;
  const trial = state.trial?.to === replicas ? state.trial : null;
  const { ceiling } = state;
  // Beyond a ceiling the members wait for what they share, and appear slower than they are.
  const isLimited = ceiling !== null && replicas > ceiling.replicas;
  const capacityPerSecond = isLimited ? state.capacityPerSecond : learnedCapacity(spec, state, measured);
  const minSeconds = 2 * spec.pollSeconds;
  if (ceiling !== null && measured.seconds >= minSeconds && !stillLimits(ceiling, measured, atSeconds)) {
    // What was measured under the bottleneck no longer applies: settle again and measure from scratch.
    return { ...state, trial, ceiling: null, settling: { ...state.settling, stableSinceSeconds: atSeconds } };
  }
  const effective = trial === null ? undefined : wasEffective(trial, measured, minSeconds);
  if (trial === null || effective === undefined) return { ...state, capacityPerSecond, trial };
  if (effective) return { ...state, capacityPerSecond, trial: null };
  const { capacityPerSecond: capacityBefore } = trial;
  return { ...state, capacityPerSecond: capacityBefore, trial: null, ceiling: ceilingOf(trial, measured, atSeconds) };
}

/** The known capacity of a replica and the measured one, weighted by how much of the window was measured. */
function learnedCapacity(spec: ScalerSpec, state: ScalerState, measured: Throughput): number | null {
  if (measured.capacityPerSecond === undefined) return state.capacityPerSecond;
  const weight = Math.min(1, measured.saturatedSeconds / windowSeconds(spec.pollSeconds));
  const capacity = measured.capacityPerSecond * state.settling.membersPerReplica;
  return (state.capacityPerSecond ?? capacity) * (1 - weight) + capacity * weight;
}
