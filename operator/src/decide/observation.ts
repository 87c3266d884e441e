/** What one reconciliation observes: all that the decision knows of the world, the time included. */

export type Observation = {
  /** Seconds since the epoch, never decreasing. */
  readonly atSeconds: number;
  readonly workload: {
    /** `spec.replicas` of the target. */
    readonly replicas: number;
    /** A new version is being rolled out: old and new pods run side by side. */
    readonly rolloutInProgress: boolean;
  };
  readonly kafka: KafkaReading | KafkaUnavailable;
};

/** Kafka is unavailable, or a response is incomplete. Never the same as "no lag". */
export type KafkaUnavailable = { readonly unavailable: string };

export type KafkaReading = {
  readonly group: {
    /** `Rebalancing` covers every state in which the members do not all own their partitions. */
    readonly state: 'Stable' | 'Rebalancing' | 'Empty';
    /** The protocol that the members agreed on, by the name that Kafka reports (`RoundRobinAssigner`, `range`, …). */
    readonly assignor: string;
    /** The partitions that each member owns, by `partitionKey`. */
    readonly members: readonly (readonly string[])[];
  };
  /** Every partition that the topics' metadata names, also those whose offsets were missing from a response. */
  readonly partitions: readonly PartitionReading[];
};

/**
 * Offsets are numbers: Kafka counts to 2^63, but a partition takes 285 years at a million records a second to reach 2^53.
 * `null` means unknown: an error, or absent from the response. The reader must fetch committed offsets before end offsets,
 * so that a consumer that commits in between never makes the lag negative.
 */
export type PartitionReading = {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that retention has not deleted. */
  readonly startOffset: number | null;
  /** The offset of the next record that is produced. */
  readonly endOffset: number | null;
  /** The offset of the next record to process; -1: the group never committed one, or it expired. */
  readonly committedOffset: number | null;
  /** The first offset whose record is younger than `objective.maxAgeSeconds`; -1: there is no such record. */
  readonly offsetAtMaxAge: number | null;
};

export function partitionKey(partition: { topic: string; partition: number }): string {
  return `${partition.topic}-${partition.partition}`;
}
