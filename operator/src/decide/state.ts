import type { Ceiling, Trial } from './effectiveness.ts';
import { emptyHistory, type History } from './history.ts';
import type { Observation } from './observation.ts';
import { emptyLagMemory, type LagMemory } from './partition-lag.ts';
import type { ScalerStatus } from './resource.ts';
import { initialSettling, type Settling } from './settling.ts';

/** All that is carried from one look to the next. Plain data; the controller keeps it in memory. */
export type ScalerState = {
  readonly settling: Settling;
  readonly lagMemory: LagMemory;
  readonly history: History;
  /** What a replica processes per second; null until one was seen behind. */
  readonly capacityPerSecond: number | null;
  /** What the looks of the scale-down window found to be needed, as far as no later one needed as much. */
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
