/** The dead-letter queues, and which records of the event topics are in them. */
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
import type { KafkaConnection } from '../kafka-connection.ts';
import { BloomFilter } from './bloom-filter.ts';
import type { AuditContext } from './rule.ts';
import type { Source } from './source.ts';

export interface DeadLetterSource
  extends Source<StoredDeadLetter>, Pick<AuditContext, 'isDeadLettered' | 'isResolved'> {}

const maxFilterBytes = 16 * 1024 * 1024;

export async function openDeadLetterSource(
  connection: KafkaConnection,
  signal: AbortSignal,
): Promise<DeadLetterSource> {
  const ranges = await rangesOf(connection, groups.map(deadLetterTopic));
  const total = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);
  const origins = new BloomFilter(total, maxFilterBytes);
  let resolutions: Resolutions = await readResolutions(connection, groups);
  return {
    name: 'dead letters',
    total: async () => total,
    async scan(onPage) {
      await scanDeadLetters(connection, groups, async (deadLetters) => {
        signal.throwIfAborted();
        for (const { group, originalTopic, originalPartition, originalOffset } of deadLetters) {
          origins.add(`${group} ${originalTopic}/${originalPartition}/${originalOffset}`);
        }
        // Without their values, which may be large: candidates are kept until they are checked again.
        await onPage(deadLetters.map((each) => ({ ...each, message: { ...each.message, value: null } })));
      });
    },
    async reload(deadLetters) {
      resolutions = await readResolutions(connection, groups);
      return deadLetters;
    },
    isDeadLettered: (group, { topic, partition, offset }) => origins.has(`${group} ${topic}/${partition}/${offset}`),
    isResolved: (deadLetter) => resolutions.has(resolutionKey(deadLetter)),
  };
}
