/** What one look at the cluster brings: all that the decision knows of the world, the time included. */

export type Observation = {
  /** Seconds since the epoch, never going backwards. */
  readonly atSeconds: number;
  readonly workload: {
    /** `spec.replicas` of the target, as its /scale says. */
    readonly replicas: number;
    /** A new version is being rolled out: old and new pods stand side by side. */
    readonly rolloutInProgress: boolean;
  };
  readonly kafka: KafkaReading | KafkaUnavailable;
};

/** Kafka could not be asked, or not all of it answered. Never the same as "no lag". */
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
  /** Every partition that the topics' metadata names, also those whose offsets were missing from a reply. */
  readonly partitions: readonly PartitionReading[];
};

/**
 * Offsets are numbers: Kafka counts to 2^63, but a partition takes 285 years at a million records a second to reach 2^53.
 * `null` means unknown: an error, or absent from the reply. The reader must ask for committed offsets first and for end
 * offsets afterwards, so that a consumer at work between the two never makes the lag negative.
 */
export type PartitionReading = {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that retention has left. */
  readonly startOffset: number | null;
  /** The offset that the next record will get. */
  readonly endOffset: number | null;
  /** The next offset to process; -1: the group never committed one, or it expired. */
  readonly committedOffset: number | null;
  /** The first offset whose record is younger than `objective.maxAgeSeconds`; -1: there is no such record. */
  readonly offsetAtMaxAge: number | null;
};

export const partitionKey = (partition: { topic: string; partition: number }): string =>
  `${partition.topic}-${partition.partition}`;
