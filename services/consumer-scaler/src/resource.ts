/**
 * The part of a ConsumerScaler resource that the decision reads and writes, field by field under the resource's own names,
 * so that the controller hands the spec over and copies the status back without translating. What only the controller
 * needs (targetRef, kafka, onDelete, observedGeneration, the conditions Ready and Conflict) is not here.
 */

export type ScalerSpec = {
  /** In the order in which the consumers subscribe: round-robin assigners deal the partitions out in this order. */
  readonly topics: readonly string[];
  readonly minReplicas: number;
  /** Absent: as many as there are partitions. */
  readonly maxReplicas?: number | undefined;
  readonly objective: {
    /** A record that is older than this and not yet processed is late. */
    readonly maxAgeSeconds: number;
    /** The time in which a backlog is to be worked off, arrivals going on meanwhile. */
    readonly drainSeconds: number;
    /** How busy a replica may be kept by arrivals alone; the rest is headroom. */
    readonly targetUtilizationPercent: number;
  };
  readonly pollSeconds: number;
  readonly behavior: {
    /** Replicas go down only to the most that was recommended within this window. */
    readonly scaleDownWindowSeconds: number;
    /** How long the group must have been stable before what it does is believed. */
    readonly settleSeconds: number;
  };
  /** From zero replicas, more lag than this wakes the group; at or below it the group may go to sleep. */
  readonly activationLag: number;
  /** What the consumers do where no valid offset is committed; scaling to zero needs `earliest`. */
  readonly offsetReset: 'earliest' | 'latest';
  readonly capacity: { readonly mode: 'Auto' } | { readonly mode: 'Fixed'; readonly recordsPerSecond: number };
  /** What to do once the lag was unknown for `afterFailures` looks in a row. */
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
  objective: { maxAgeSeconds: 60, drainSeconds: 120, targetUtilizationPercent: 80 },
  pollSeconds: 10,
  behavior: { scaleDownWindowSeconds: 300, settleSeconds: 30 },
  activationLag: 0,
  offsetReset: 'earliest',
  capacity: { mode: 'Auto' },
  fallback: { afterFailures: 3, behavior: 'Hold', replicas: 1 },
  mode: 'Auto',
};
