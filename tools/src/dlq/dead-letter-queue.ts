/** The dead-letter queues in Kafka: their records, and what is known to have been done about them. */
import type { KafkaMessage } from 'kafkajs';
import { deadLetterResolvedTopic, deadLetterTopic } from '@order-pipeline/events';
import type { OutgoingRecord } from '@order-pipeline/messaging';
import type { KafkaConnection } from '../connections.ts';
import { rangesOf, readRanges, type OffsetRange } from '../topic-reader.ts';
import {
  readDeadLetter,
  resolutionKey,
  type DeadLetter,
  type DeadLetterPlace,
  type Resolution,
} from './dead-letter.ts';

export type Resolutions = ReadonlyMap<string, Resolution>;

/** Told of a batch of one partition, in order; 'enough' ends the reading. */
export type OnDeadLetters = (letters: readonly DeadLetter[]) => Promise<'enough' | void>;

export async function readResolutions(
  { kafka, admin }: KafkaConnection,
  groups: readonly string[],
): Promise<Resolutions> {
  const resolutions = new Map<string, Resolution>();
  const ranges = await rangesOf(admin, groups.map(deadLetterResolvedTopic));
  await readRanges(kafka, ranges, async ({ messages }) => {
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
  { kafka, admin }: KafkaConnection,
  groups: readonly string[],
  onLetters: OnDeadLetters,
): Promise<void> {
  const ranges = await rangesOf(admin, groups.map(deadLetterTopic));
  await readRanges(kafka, ranges, lettersOf(groups, onLetters));
}

/** Those of the places that the queues hold. */
export async function findDeadLetters(
  { kafka, admin }: KafkaConnection,
  places: readonly DeadLetterPlace[],
  onLetters: OnDeadLetters,
): Promise<void> {
  const wanted = new Set(places.map(resolutionKey));
  const groups = [...new Set(places.map(({ group }) => group))];
  const ranges = await rangesOf(admin, groups.map(deadLetterTopic));
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
  await readRanges(kafka, narrowed, lettersOf(groups, onlyWanted));
}

const lettersOf =
  (groups: readonly string[], onLetters: OnDeadLetters) =>
  ({ topic, partition, messages }: { topic: string; partition: number; messages: readonly KafkaMessage[] }) => {
    const group = groups.find((name) => deadLetterTopic(name) === topic) ?? '';
    return onLetters(messages.map((message) => readDeadLetter(group, partition, message)));
  };

export const resolutionRecord = (letter: DeadLetterPlace, resolution: Resolution): OutgoingRecord => ({
  topic: deadLetterResolvedTopic(letter.group),
  key: resolutionKey(letter),
  value: JSON.stringify(resolution),
  headers: { 'content-type': 'application/json' },
});
