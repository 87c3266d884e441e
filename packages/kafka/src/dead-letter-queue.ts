/** The dead-letter queues in Kafka: their records, and what is known to have been done about them. */
import type { KafkaMessage } from 'kafkajs';
import { deadLetterResolvedTopic, deadLetterTopic } from '@order-pipeline/events';
import type { OutgoingRecord, PublishedAt, Publisher } from './publisher.ts';
import {
  originalRecord,
  readDeadLetter,
  resolutionKey,
  type DeadLetterPlace,
  type Resolution,
  type StoredDeadLetter,
} from './stored-dead-letter.ts';
import { rangesOf, readRanges, type OffsetRange, type TopicReader } from './topic-reader.ts';

export type Resolutions = ReadonlyMap<string, Resolution>;

/** Told of a batch of one partition, in order; 'enough' ends the reading. */
export type OnDeadLetters = (letters: readonly StoredDeadLetter[]) => Promise<'enough' | void>;

export async function readResolutions(reader: TopicReader, groups: readonly string[]): Promise<Resolutions> {
  const resolutions = new Map<string, Resolution>();
  const ranges = await rangesOf(reader, groups.map(deadLetterResolvedTopic));
  await readRanges(reader, ranges, async ({ messages }) => {
    for (const message of messages) {
      const resolution = parseResolution(message);
      if (message.key && resolution) resolutions.set(message.key.toString(), resolution);
    }
  });
  return resolutions;
}

function parseResolution({ value }: KafkaMessage): Resolution | undefined {
  try {
    const { action, time, by } = JSON.parse(value?.toString() ?? '') as Partial<Resolution>;
    const known = action === 'redriven' || action === 'discarded';
    return known ? { action, time: String(time), by: String(by) } : undefined;
  } catch {
    return undefined;
  }
}

/** Everything that the groups' queues hold now. */
export async function scanDeadLetters(
  reader: TopicReader,
  groups: readonly string[],
  onLetters: OnDeadLetters,
): Promise<void> {
  const ranges = await rangesOf(reader, groups.map(deadLetterTopic));
  await readRanges(reader, ranges, lettersOf(groups, onLetters));
}

/** Those of the places that the queues hold. */
export async function findDeadLetters(
  reader: TopicReader,
  places: readonly DeadLetterPlace[],
  onLetters: OnDeadLetters,
): Promise<void> {
  const wanted = new Set(places.map(resolutionKey));
  const groups = [...new Set(places.map(({ group }) => group))];
  const ranges = await rangesOf(reader, groups.map(deadLetterTopic));
  const narrowed = ranges.flatMap((range): OffsetRange[] => {
    const offsets = places
      .filter(({ group, partition }) => deadLetterTopic(group) === range.topic && partition === range.partition)
      .map(({ offset }) => offset)
      .filter((offset) => offset >= range.from && offset < range.to)
      .toSorted((a, b) => (a < b ? -1 : 1));
    return offsets.length === 0 ? [] : [{ ...range, from: offsets[0]!, to: offsets.at(-1)! + 1n }];
  });
  const onlyWanted: OnDeadLetters = async (letters) => {
    const found = letters.filter((letter) => wanted.has(resolutionKey(letter)));
    return found.length === 0 ? undefined : onLetters(found);
  };
  await readRanges(reader, narrowed, lettersOf(groups, onlyWanted));
}

const lettersOf =
  (groups: readonly string[], onLetters: OnDeadLetters) =>
  ({ topic, partition, messages }: { topic: string; partition: number; messages: readonly KafkaMessage[] }) => {
    const group = groups.find((name) => deadLetterTopic(name) === topic) ?? '';
    return onLetters(messages.map((message) => readDeadLetter(group, partition, message)));
  };

const resolutionRecord = (letter: DeadLetterPlace, resolution: Resolution): OutgoingRecord => ({
  topic: deadLetterResolvedTopic(letter.group),
  key: resolutionKey(letter),
  value: JSON.stringify(resolution),
  headers: { 'content-type': 'application/json' },
});

/**
 * Publishes again (or not, when discarded), and notes it once that is acknowledged: a crash in between publishes twice,
 * which consumers take for what it is. Answers where the redriven ones landed; rejects with an OutageError.
 */
export async function resolveDeadLetters(
  publisher: Pick<Publisher, 'send'>,
  letters: readonly StoredDeadLetter[],
  resolution: Resolution,
): Promise<PublishedAt[]> {
  const published = resolution.action === 'redriven' ? await publisher.send(letters.map(originalRecord)) : [];
  await publisher.send(letters.map((letter) => resolutionRecord(letter, resolution)));
  return published;
}
