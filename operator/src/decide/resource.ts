/**
 * The part of a ConsumerScaler resource that the decision reads and writes, field by field under the resource's own names,
 * so that the controller passes the spec in and copies the status back without translating. What only the controller
 * needs (targetRef, kafka, onDelete, observedGeneration, the conditions Ready and Conflict) is not here.
 */

export type ScalerSpec = {
  /** In the order in which the consumers subscribe: round-robin assignors assign the partitions in this order. */
  readonly topics: readonly string[];
  readonly minReplicas: number;
  /** Absent: as many as there are partitions. */
  readonly maxReplicas?: number | undefined;
  readonly objective: {
    /** An unprocessed record that is older than this is late. */
    readonly maxAgeSeconds: number;
    /** The time in which a backlog has to be drained while records keep arriving. */
    readonly drainSeconds: number;
    /** How busy arrivals alone may keep a replica; the rest is headroom. */
    readonly targetUtilizationPercent: number;
  };
  readonly pollSeconds: number;
  readonly behavior: {
    /** Replicas decrease only to the largest number that was recommended within this window. */
    readonly scaleDownWindowSeconds: number;
    /** How long the group must have been stable before its numbers count. */
    readonly settleSeconds: number;
  };
  /** A group at zero replicas is activated by more lag than this; at or below it a group may scale to zero. */
  readonly activationLag: number;
  /** Where the consumers start without a valid committed offset; scaling to zero needs `earliest`. */
  readonly offsetReset: 'earliest' | 'latest';
  readonly capacity: { readonly mode: 'Auto' } | { readonly mode: 'Fixed'; readonly recordsPerSecond: number };
  /** Applies once the lag was unknown in `afterFailures` consecutive reconciliations. */
  readonly fallback: {
    readonly afterFailures: number;
    readonly behavior: 'Hold' | 'AtLeast' | 'Static';
    readonly replicas: number;
  };
  readonly mode: 'Auto' | 'Observe' | 'Paused';
};

/** The defaults of the resource's schema. */
export const defaultSpec: ScalerSpec = {
  topics: [],
  minReplicas: 1,
  objective: { maxAgeSeconds: 60, drainSeconds: 300, targetUtilizationPercent: 85 },
  pollSeconds: 10,
  behavior: { scaleDownWindowSeconds: 180, settleSeconds: 20 },
  activationLag: 0,
  offsetReset: 'earliest',
  capacity: { mode: 'Auto' },
  fallback: { afterFailures: 3, behavior: 'Hold', replicas: 1 },
  mode: 'Auto',
};

export type ScalerStatus = {
  readonly replicas: number;
  readonly desiredReplicas: number;
  /** All partitions, and those with arrivals or lag, which a replica could help. */
  readonly partitions: { readonly total: number; readonly canHelp: number };
  readonly lag: {
    readonly messages: number;
    /** Those that are older than the objective allows. */
    readonly lateMessages: number;
    /** Of the oldest record; null if it is unknown. */
    readonly ageSeconds: number | null;
    readonly hottestPartition: string | null;
  } | null;
  readonly arrivalPerSecond: number | null;
  readonly capacityPerReplicaPerSecond: number | null;
  /** With the present replicas; null: unknown or infinite. */
  readonly predictedDrainSeconds: number | null;
  /** For how long a step up was seen to pause the group. */
  readonly rebalanceSeconds: number;
  readonly lastDecision: Decision & { readonly atSeconds: number };
  readonly conditions: readonly Condition[];
};

export type Decision = {
  readonly action: 'ScaleUp' | 'ScaleDown' | 'Hold';
  readonly from: number;
  readonly to: number;
  /** False while the resource only observes or is paused: then `to` is what would be done. */
  readonly apply: boolean;
  readonly reason: Reason;
  /** The reason in a sentence. */
  readonly message: string;
};

/** One word per reason, for metrics and Events. */
export type Reason =
  | 'OnTarget'
  | 'BehindObjective'
  | 'Activated'
  | 'LessNeeded'
  | 'Idle'
  | 'Exploring'
  | 'OutOfBounds'
  | 'Fallback'
  | 'LagUnknown'
  | 'GroupRebalancing'
  | 'RolloutInProgress'
  | 'WaitingForMembers'
  | 'Settling'
  | 'Measuring'
  | 'WithinObjective'
  | 'NotWorthRebalance'
  | 'WaitingForWindow'
  | 'Ineffective'
  | 'Stalled'
  | 'Paused';

export type Condition = {
  readonly type: 'LagKnown' | 'GroupStable' | 'Limited' | 'Effective' | 'FallbackActive';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
};
