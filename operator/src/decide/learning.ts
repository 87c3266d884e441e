import { ceilingOf, keptPromise, stillHolds } from './effectiveness.ts';
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
    const name = owned.reduce((least, index) => Math.min(least, index), Infinity);
    for (const index of owned) owners[index] = name;
  }
  return owners.includes(-1) ? null : owners;
}

/** What one member can do; undefined while nobody knows. What a member was seen to do, it can do. */
export function memberCapacity(spec: ScalerSpec, state: ScalerState, done: Throughput): number | undefined {
  const { membersPerReplica } = state.settling;
  if (spec.capacity.mode === 'Fixed') return spec.capacity.recordsPerSecond / membersPerReplica;
  if (state.capacityPerSecond === null) return undefined;
  return Math.max(state.capacityPerSecond / membersPerReplica, done.provenPerSecond);
}

/** Takes capacity from members that are behind, and tells of the last step up whether it was of use. */
export function learn(
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
