import type { Ceiling, Trial } from './effectiveness.ts';
import { emptyHistory, type History } from './history.ts';
import type { Observation } from './observation.ts';
import { emptyLagMemory, type LagMemory } from './partition-lag.ts';
import type { ScalerStatus } from './resource.ts';
import { initialSettling, type Settling } from './settling.ts';

/** What one reconciliation passes to the next. Plain data; the controller keeps it in memory. */
export type ScalerState = {
  readonly settling: Settling;
  readonly lagMemory: LagMemory;
  readonly history: History;
  /** What a replica processes per second; null until a saturated replica was observed. */
  readonly capacityPerSecond: number | null;
  /** The recommendations of the scale-down window, without those that a later one exceeds. */
  readonly recommended: readonly { readonly atSeconds: number; readonly replicas: number }[];
  readonly trial: Trial | null;
  readonly ceiling: Ceiling | null;
  /** Consecutive reconciliations with an unknown lag. */
  readonly failures: number;
  /** The most replicas that can own a partition; null until the lag was known once. */
  readonly maxOwningReplicas: number | null;
};

/** The state before the first reconciliation. What an earlier process learned is in the status that it wrote. */
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
    maxOwningReplicas: null,
  };
}
