import { partitionKey, type PartitionReading } from './observation.ts';

/** What a group owes in one partition. */
export type PartitionLag = {
  readonly topic: string;
  readonly partition: number;
  readonly endOffset: number;
  /** The committed offset where it is one that the consumer will really go on from, else null. */
  readonly committedOffset: number | null;
  readonly lag: number;
  /** The part of the lag that is older than the objective allows. */
  readonly late: number;
};

/** What must be remembered of earlier looks to tell a fault from a fact. Plain data. */
export type LagMemory = {
  readonly partitions: Readonly<Record<string, PartitionMemory>>;
  /** Topics of which some partition was seen consumed to its very end: their ends are records, not commit markers. */
  readonly consumedToTheEnd: readonly string[];
};

type PartitionMemory = {
  readonly endOffset: number;
  readonly committedOffset: number;
  /** Since when nothing moved here although the group was stable and had members. */
  readonly restingSinceSeconds: number;
  readonly endsInMarker: boolean;
};

export const emptyLagMemory: LagMemory = { partitions: {}, consumedToTheEnd: [] };

export type LagReading =
  | { readonly known: true; readonly partitions: readonly PartitionLag[]; readonly memory: LagMemory }
  | { readonly known: false; readonly why: string; readonly memory: LagMemory };

type Circumstances = {
  readonly atSeconds: number;
  readonly topics: readonly string[];
  readonly offsetReset: 'earliest' | 'latest';
  readonly maxAgeSeconds: number;
  /** The group is stable and has members: what does not move now will not move by itself. */
  readonly groupAtWork: boolean;
};

/** A lag of one must rest this long at least before it can be taken for a transaction's commit marker. */
const markerRestSeconds = 60;

/**
 * Turns offsets into lag, by rule where they are odd, and into "unknown" where they cannot be trusted. One unknown
 * partition makes the whole reading unknown: it may be the one that is behind.
 */
export function readLag(readings: readonly PartitionReading[], memory: LagMemory, now: Circumstances): LagReading {
  const unknown = (why: string, partitions = memory.partitions): LagReading => ({
    known: false,
    why,
    memory: { ...memory, partitions },
  });
  const place = new Map(now.topics.map((topic, index) => [topic, index]));
  const placeOf = (reading: PartitionReading) => place.get(reading.topic) ?? Infinity;
  const sorted = readings
    .filter((reading) => place.has(reading.topic))
    .toSorted((a, b) => placeOf(a) - placeOf(b) || a.partition - b.partition);
  for (const topic of now.topics) {
    if (!sorted.some((reading) => reading.topic === topic))
      return unknown(`topic ${topic} has no partitions in the reply`);
  }
  const seen = new Map(sorted.map((reading) => [partitionKey(reading), reading]));
  const recreated = new Set<string>();
  for (const [key, reading] of seen) {
    const fault = faultOf(reading);
    if (fault !== undefined) return unknown(`${fault} of ${key} is missing or invalid`);
    if ((reading.endOffset ?? 0) < (memory.partitions[key]?.endOffset ?? 0)) recreated.add(reading.topic);
  }
  const topicOf = (key: string) => key.slice(0, key.lastIndexOf('-'));
  for (const key of Object.keys(memory.partitions)) {
    // Partitions are never taken away from a topic: one that is gone was left out, unless its topic began anew.
    if (!seen.has(key) && now.topics.includes(topicOf(key)) && !recreated.has(topicOf(key))) {
      return unknown(`${key} is absent from the reply`);
    }
  }

  const remembered: Record<string, PartitionMemory> = {};
  for (const [key, reading] of seen) remembered[key] = remember(reading, memory.partitions[key], now);
  const beyond = [...seen].find(([key, { committedOffset, endOffset }]) => {
    const first = memory.partitions[key]?.committedOffset !== committedOffset;
    return (committedOffset ?? 0) > (endOffset ?? 0) && first;
  });
  // Once may be a reply from an old leader; a second look decides.
  if (beyond) return unknown(`the committed offset of ${beyond[0]} lies beyond its end`, remembered);

  const consumedToTheEnd = now.topics.filter(
    (topic) =>
      memory.consumedToTheEnd.includes(topic) ||
      sorted.some((r) => r.topic === topic && r.committedOffset === r.endOffset && (r.endOffset ?? 0) > 0),
  );
  const partitions = sorted.map((reading): PartitionLag => {
    const owed = owedIn(reading, now.offsetReset);
    const held = remembered[partitionKey(reading)];
    if (held === undefined || owed.lag !== 1 || consumedToTheEnd.includes(reading.topic)) return owed;
    const rested = now.atSeconds - held.restingSinceSeconds >= Math.max(markerRestSeconds, now.maxAgeSeconds);
    if (!held.endsInMarker && !rested) return owed;
    remembered[partitionKey(reading)] = { ...held, endsInMarker: true };
    return { ...owed, lag: 0, late: 0 };
  });
  return { known: true, partitions, memory: { partitions: remembered, consumedToTheEnd } };
}

function faultOf(reading: PartitionReading): string | undefined {
  const { startOffset, endOffset, committedOffset, offsetAtMaxAge } = reading;
  if (startOffset === null || !(startOffset >= 0)) return 'the start offset';
  if (endOffset === null || !(endOffset >= startOffset)) return 'the end offset';
  if (committedOffset === null || !(committedOffset >= -1)) return 'the committed offset';
  if (offsetAtMaxAge === null || !(offsetAtMaxAge >= -1)) return 'the offset by time';
  return undefined;
}

/**
 * The lag by rule. Where no valid offset is committed (never, expired, deleted by retention, beyond the end of a topic
 * that was created anew) the consumer starts where `offsetReset` says, and owes what lies from there to the end.
 */
function owedIn(reading: PartitionReading, offsetReset: 'earliest' | 'latest'): PartitionLag {
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

function remember(reading: PartitionReading, before: PartitionMemory | undefined, now: Circumstances): PartitionMemory {
  const endOffset = reading.endOffset ?? 0;
  const committedOffset = reading.committedOffset ?? -1;
  const unmoved = before?.endOffset === endOffset && before.committedOffset === committedOffset;
  if (!unmoved) return { endOffset, committedOffset, restingSinceSeconds: now.atSeconds, endsInMarker: false };
  return now.groupAtWork || before.endsInMarker ? before : { ...before, restingSinceSeconds: now.atSeconds };
}
