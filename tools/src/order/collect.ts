/** Collects what explains an order's state: its documents, the progress of consumer groups, and dead letters. */
import {
  createGroupObserver,
  deadLetterGroups,
  lagOfPartition,
  readResolutions,
  resolutionKey,
  scanDeadLetters,
  subjectOf,
  type StoredDeadLetter,
} from '@order-pipeline/kafka';
import { printable } from '../command-line.ts';
import type { KafkaConnection } from '../kafka-connection.ts';
import type { DeadLetteredStep, Findings, GroupProgress } from './explain.ts';
import type { OrderDocuments } from './order-documents.ts';
import { waitingOf, type Waiting } from './waiting.ts';

const maxDeadLetters = 20;
const shownErrorLength = 200;

export async function collect(connection: KafkaConnection, documents: OrderDocuments): Promise<Findings> {
  const waiting = waitingOf(documents);
  return {
    ...documents,
    now: new Date(),
    waiting,
    progress: waiting.on === 'group' ? await progressOf(connection, waiting) : undefined,
    deadLetters: await deadLettersOf(connection, documents.order._id),
  };
}

async function progressOf(
  { kafka }: KafkaConnection,
  { group, topic, position }: Extract<Waiting, { on: 'group' }>,
): Promise<GroupProgress> {
  const observer = createGroupObserver(kafka);
  try {
    const [ranges, committed, [state]] = await Promise.all([
      observer.ranges(topic),
      observer.committed(group, [topic]),
      observer.groups([group]),
    ]);
    const nextOffsets = committed.get(topic);
    const awaited = ranges.filter(
      ({ partition }) => position.partition === undefined || partition === position.partition,
    );
    return {
      members: state?.members.length ?? 0,
      nextOffset: position.partition === undefined ? undefined : nextOffsets?.get(position.partition),
      lag: awaited.reduce((sum, range) => sum + lagOfPartition(range, nextOffsets?.get(range.partition)), 0n),
    };
  } finally {
    await observer.stop();
  }
}

async function deadLettersOf(connection: KafkaConnection, orderId: string): Promise<DeadLetteredStep[]> {
  const resolutions = await readResolutions(connection, deadLetterGroups);
  const steps: DeadLetteredStep[] = [];
  await scanDeadLetters(connection, deadLetterGroups, async (deadLetters) => {
    for (const deadLetter of deadLetters) {
      if (subjectOf(deadLetter) !== orderId || resolutions.has(resolutionKey(deadLetter))) continue;
      if (steps.length === maxDeadLetters) return 'enough';
      steps.push(stepOf(deadLetter));
    }
  });
  return steps;
}

function stepOf(deadLetter: StoredDeadLetter): DeadLetteredStep {
  const { id, group, originalTopic, deadLetteredAt, errorClass, kind, errorMessage } = deadLetter;
  const error = printable(`${errorClass ?? kind ?? 'error'}: ${errorMessage ?? ''}`);
  return {
    id,
    group,
    topic: originalTopic ?? 'an unknown topic',
    since: new Date(deadLetteredAt),
    error: error.slice(0, shownErrorLength),
  };
}
