import { partitionKey, type PartitionReading } from './observation.ts';

/** The lag of a group in one partition. */
export type PartitionLag = {
  readonly topic: string;
  readonly partition: number;
  readonly endOffset: number;
  /** The committed offset if the consumer will resume from it, else null. */
  readonly committedOffset: number | null;
  readonly lag: number;
  /** The part of the lag that is older than the objective allows. */
  readonly late: number;
};

/** What earlier observations showed, to distinguish a fault from a fact. Plain data. */
export type LagMemory = {
  readonly partitions: Readonly<Record<string, PartitionMemory>>;
  /** Topics of which some partition was seen consumed to its end: their last offsets are records, not commit markers. */
  readonly consumedToTheEnd: readonly string[];
};

type PartitionMemory = {
  readonly endOffset: number;
  readonly committedOffset: number;
  /** Since when no offset changed although the group was stable and had members. */
  readonly unchangedSinceSeconds: number;
  readonly endsInMarker: boolean;
};

export const emptyLagMemory: LagMemory = { partitions: {}, consumedToTheEnd: [] };

export type LagReading =
  | { readonly known: true; readonly partitions: readonly PartitionLag[]; readonly memory: LagMemory }
  | { readonly known: false; readonly reason: string; readonly memory: LagMemory };

type LagContext = {
  readonly atSeconds: number;
  readonly topics: readonly string[];
  readonly offsetReset: 'earliest' | 'latest';
  readonly maxAgeSeconds: number;
  /** The group is stable and has members: an offset that does not change now will not change by itself. */
  readonly groupIsActive: boolean;
};

/** A lag of 1 must stay unchanged for at least this long before it counts as a transaction's commit marker. */
const markerUnchangedSeconds = 60;

/**
 * Turns offsets into lag, by rule where they are unusual, and into "unknown" where they cannot be trusted. One unknown
 * partition makes the whole reading unknown: it may be the one that lags.
 */
export function readLag(readings: readonly PartitionReading[], memory: LagMemory, context: LagContext): LagReading {
  const sorted = inSubscriptionOrder(readings, context.topics);
  const fault = faultIn(sorted, memory, context.topics);
  if (fault !== undefined) return { known: false, reason: fault, memory };

  const partitions: Record<string, PartitionMemory> = {};
  for (const reading of sorted) {
    const key = partitionKey(reading);
    partitions[key] = remember(reading, memory.partitions[key], context);
  }
  const beyond = sorted.find((reading) => isNewlyBeyondEnd(reading, memory.partitions[partitionKey(reading)]));
  if (beyond) {
    const reason = `the committed offset of ${partitionKey(beyond)} lies beyond its end`;
    return { known: false, reason, memory: { ...memory, partitions } };
  }

  const consumedToTheEnd = context.topics.filter(
    (topic) =>
      memory.consumedToTheEnd.includes(topic) ||
      sorted.some((r) => r.topic === topic && r.committedOffset === r.endOffset && (r.endOffset ?? 0) > 0),
  );
  const lags = sorted.map((reading): PartitionLag => {
    const key = partitionKey(reading);
    const measured = lagOf(reading, context.offsetReset);
    const known = partitions[key];
    if (known === undefined || measured.lag !== 1 || consumedToTheEnd.includes(reading.topic)) return measured;
    if (!isMarker(known, context)) return measured;
    partitions[key] = { ...known, endsInMarker: true };
    return { ...measured, lag: 0, late: 0 };
  });
  return { known: true, partitions: lags, memory: { partitions, consumedToTheEnd } };
}

function inSubscriptionOrder(readings: readonly PartitionReading[], topics: readonly string[]): PartitionReading[] {
  const positions = new Map(topics.map((topic, index) => [topic, index]));
  const positionOf = (reading: PartitionReading) => positions.get(reading.topic) ?? Infinity;
  return readings
    .filter((reading) => positions.has(reading.topic))
    .toSorted((a, b) => positionOf(a) - positionOf(b) || a.partition - b.partition);
}

/** Why the readings cannot be trusted; undefined if they can. */
function faultIn(readings: readonly PartitionReading[], memory: LagMemory, topics: readonly string[]) {
  const seen = new Set(readings.map(partitionKey));
  for (const topic of topics) {
    if (!readings.some((reading) => reading.topic === topic)) return `topic ${topic} has no partitions in the response`;
  }
  const recreated = new Set<string>();
  for (const reading of readings) {
    const key = partitionKey(reading);
    const offset = invalidOffsetIn(reading);
    if (offset !== undefined) return `${offset} of ${key} is missing or invalid`;
    if ((reading.endOffset ?? 0) < (memory.partitions[key]?.endOffset ?? 0)) recreated.add(reading.topic);
  }
  for (const key of Object.keys(memory.partitions)) {
    const topic = key.slice(0, key.lastIndexOf('-'));
    // A topic never loses partitions: one that is absent is missing from the response, unless its topic was recreated.
    if (!seen.has(key) && topics.includes(topic) && !recreated.has(topic)) return `${key} is absent from the response`;
  }
  return undefined;
}

function invalidOffsetIn(reading: PartitionReading): string | undefined {
  const { startOffset, endOffset, committedOffset, offsetAtMaxAge } = reading;
  if (startOffset === null || !(startOffset >= 0)) return 'the start offset';
  if (endOffset === null || !(endOffset >= startOffset)) return 'the end offset';
  if (committedOffset === null || !(committedOffset >= -1)) return 'the committed offset';
  if (offsetAtMaxAge === null || !(offsetAtMaxAge >= -1)) return 'the offset by time';
  return undefined;
}

/** Once it may be a response of an old leader; a second observation of the same offset confirms it. */
function isNewlyBeyondEnd({ committedOffset, endOffset }: PartitionReading, before: PartitionMemory | undefined) {
  return (committedOffset ?? 0) > (endOffset ?? 0) && before?.committedOffset !== committedOffset;
}

function isMarker({ endsInMarker, unchangedSinceSeconds }: PartitionMemory, context: LagContext): boolean {
  const unchangedSeconds = context.atSeconds - unchangedSinceSeconds;
  return endsInMarker || unchangedSeconds >= Math.max(markerUnchangedSeconds, context.maxAgeSeconds);
}

/**
 * The lag by rule. Without a valid committed offset (never committed, expired, deleted by retention, beyond the end of a
 * recreated topic) the consumer starts where `offsetReset` says, and the lag is what lies from there to the end.
 */
function lagOf(reading: PartitionReading, offsetReset: 'earliest' | 'latest'): PartitionLag {
  const { topic, partition } = reading;
  const startOffset = reading.startOffset ?? 0;
  const endOffset = reading.endOffset ?? 0;
  const committed = reading.committedOffset ?? -1;
  const valid = committed >= startOffset && committed <= endOffset;
  const position = valid ? committed : offsetReset === 'earliest' ? startOffset : endOffset;
  const youngFrom = reading.offsetAtMaxAge === null || reading.offsetAtMaxAge < 0 ? endOffset : reading.offsetAtMaxAge;
  return {
    topic,
    partition,
    endOffset,
    committedOffset: valid ? committed : null,
    lag: endOffset - position,
    late: Math.max(0, Math.min(endOffset, youngFrom) - position),
  };
}

function remember(
  reading: PartitionReading,
  before: PartitionMemory | undefined,
  { atSeconds, groupIsActive }: LagContext,
): PartitionMemory {
  const endOffset = reading.endOffset ?? 0;
  const committedOffset = reading.committedOffset ?? -1;
  const unchanged = before?.endOffset === endOffset && before.committedOffset === committedOffset;
  if (!unchanged) return { endOffset, committedOffset, unchangedSinceSeconds: atSeconds, endsInMarker: false };
  return groupIsActive || before.endsInMarker ? before : { ...before, unchangedSinceSeconds: atSeconds };
}
