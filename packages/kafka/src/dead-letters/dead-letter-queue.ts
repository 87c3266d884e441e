/** The dead-letter queues in Kafka: their records, and their resolutions. Whatever cannot be read rejects with an OutageError. */
import type { KafkaMessage } from 'kafkajs';
import { deadLetterResolvedTopic, deadLetterTopic } from '@order-pipeline/events';
import type { Publisher } from '../publisher.ts';
import type { OutgoingRecord, PublishedAt } from '../record.ts';
import { rangesOf, readRanges, type OffsetRange, type OnBatch, type TopicReader } from '../readers/topic-reader.ts';
import {
  originalRecord,
  readDeadLetter,
  resolutionKey,
  type DeadLetterPlace,
  type Resolution,
  type StoredDeadLetter,
} from './stored-dead-letter.ts';

export type Resolutions = ReadonlyMap<string, Resolution>;

/** Called with a batch of one partition, in order; 'enough' ends the reading. */
export type OnDeadLetters = (deadLetters: readonly StoredDeadLetter[]) => Promise<'enough' | void>;

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

const deadLettersOf =
  (groups: readonly string[], onDeadLetters: OnDeadLetters): OnBatch =>
  ({ topic, partition, messages }) => {
    const group = groups.find((name) => deadLetterTopic(name) === topic) ?? '';
    return onDeadLetters(messages.map((message) => readDeadLetter(group, partition, message)));
  };

/** All dead letters that the groups' queues hold now. */
export async function scanDeadLetters(
  reader: TopicReader,
  groups: readonly string[],
  onDeadLetters: OnDeadLetters,
): Promise<void> {
  const ranges = await rangesOf(reader, groups.map(deadLetterTopic));
  await readRanges(reader, ranges, deadLettersOf(groups, onDeadLetters));
}

/** The dead letters at these places, as far as the queues hold them. */
export async function findDeadLetters(
  reader: TopicReader,
  places: readonly DeadLetterPlace[],
  onDeadLetters: OnDeadLetters,
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
  const onlyWanted: OnDeadLetters = async (deadLetters) => {
    const found = deadLetters.filter((deadLetter) => wanted.has(resolutionKey(deadLetter)));
    return found.length === 0 ? undefined : onDeadLetters(found);
  };
  await readRanges(reader, narrowed, deadLettersOf(groups, onlyWanted));
}

const resolutionRecord = (place: DeadLetterPlace, resolution: Resolution): OutgoingRecord => ({
  topic: deadLetterResolvedTopic(place.group),
  key: resolutionKey(place),
  value: JSON.stringify(resolution),
  headers: { 'content-type': 'application/json' },
});

/**
 * Publishes the dead letters to their original topics (or not, when discarded), and their resolution once that is
 * acknowledged: after a crash in between they are redriven again, which consumers recognise as duplicates. Returns where
 * the redriven ones landed.
 */
export async function resolveDeadLetters(
  publisher: Pick<Publisher, 'send'>,
  deadLetters: readonly StoredDeadLetter[],
  resolution: Resolution,
): Promise<PublishedAt[]> {
  const published = resolution.action === 'redriven' ? await publisher.send(deadLetters.map(originalRecord)) : [];
  await publisher.send(deadLetters.map((deadLetter) => resolutionRecord(deadLetter, resolution)));
  return published;
}
