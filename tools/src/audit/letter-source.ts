/** The dead-letter queues, and which records of the event topics ended there. */
import { deadLetterTopic } from '@order-pipeline/events';
import {
  deadLetterGroups as groups,
  rangesOf,
  readResolutions,
  resolutionKey,
  scanDeadLetters,
  type Resolutions,
  type StoredDeadLetter,
} from '@order-pipeline/kafka';
import type { KafkaConnection } from '../connections.ts';
import { BloomFilter } from './bloom-filter.ts';
import type { Look } from './rule.ts';
import type { Source } from './source.ts';

export interface LetterSource extends Source<StoredDeadLetter>, Pick<Look, 'isDeadLettered' | 'isResolved'> {}

const maxFilterBytes = 16 * 1024 * 1024;

export async function letterSource(connection: KafkaConnection, signal: AbortSignal): Promise<LetterSource> {
  const ranges = await rangesOf(connection, groups.map(deadLetterTopic));
  const total = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);
  const places = new BloomFilter(total, maxFilterBytes);
  let resolutions: Resolutions = await readResolutions(connection, groups);
  return {
    name: 'dead letters',
    total: async () => total,
    async scan(onPage) {
      await scanDeadLetters(connection, groups, async (letters) => {
        signal.throwIfAborted();
        for (const { group, originalTopic, originalPartition, originalOffset } of letters) {
          places.add(`${group} ${originalTopic}/${originalPartition}/${originalOffset}`);
        }
        // Suspects are kept for a while, and a value may be large.
        await onPage(letters.map((letter) => ({ ...letter, message: { ...letter.message, value: null } })));
      });
    },
    async reload(letters) {
      resolutions = await readResolutions(connection, groups);
      return letters;
    },
    isDeadLettered: (group, { topic, partition, offset }) => places.has(`${group} ${topic}/${partition}/${offset}`),
    isResolved: (letter) => resolutions.has(resolutionKey(letter)),
  };
}
