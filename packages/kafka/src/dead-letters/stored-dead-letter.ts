/** A dead letter as it is stored in its queue: the record, why it was dead-lettered, and its resolution. Nothing here does I/O. */
import type { KafkaMessage } from 'kafkajs';
import { deadLetterTopic, everyService, type EventType, type ServiceEntry } from '@order-pipeline/events';
import { deadLetterHeaders } from './dead-letter.ts';
import { headerText, type OutgoingRecord } from '../record.ts';

/** Every group that has a dead-letter queue. */
export const deadLetterGroups: readonly string[] = Object.values<ServiceEntry>(everyService)
  .filter(({ consumes }) => consumes.length > 0)
  .map(({ consumerGroup }) => consumerGroup);

/** Where it is in its group's queue; written `<group>/<partition>/<offset>`. */
export interface DeadLetterPlace {
  readonly group: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface StoredDeadLetter extends DeadLetterPlace {
  readonly id: string;
  readonly deadLetteredAt: string;
  readonly originalTopic: string | undefined;
  readonly originalPartition: number | undefined;
  readonly originalOffset: string | undefined;
  readonly attempts: number | undefined;
  readonly kind: string | undefined;
  readonly errorClass: string | undefined;
  readonly errorMessage: string | undefined;
  readonly message: KafkaMessage;
}

export type ResolutionAction = 'redriven' | 'discarded';

/** What an operator decided on a dead letter; the value in `<group>.dlq.resolved`. */
export interface Resolution {
  readonly action: ResolutionAction;
  readonly time: string;
  readonly by: string;
}

export const deadLetterId = ({ group, partition, offset }: DeadLetterPlace): string =>
  `${group}/${partition}/${offset}`;

export function parseDeadLetterId(text: string): DeadLetterPlace | undefined {
  const [, group, partition, offset] = /^([^/]+)\/(\d{1,9})\/(\d{1,18})$/.exec(text) ?? [];
  if (group === undefined || !deadLetterGroups.includes(group)) return undefined;
  return { group, partition: Number(partition), offset: BigInt(offset!) };
}

/** The key of its resolution: topic-partition-offset. */
export const resolutionKey = ({ group, partition, offset }: DeadLetterPlace): string =>
  `${deadLetterTopic(group)}-${partition}-${offset}`;

const ours: ReadonlySet<string> = new Set(Object.values(deadLetterHeaders));

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

export function readDeadLetter(group: string, partition: number, message: KafkaMessage): StoredDeadLetter {
  const place = { group, partition, offset: BigInt(message.offset) };
  const text = (name: keyof typeof deadLetterHeaders) => headerText(message, deadLetterHeaders[name]);
  return {
    ...place,
    id: deadLetterId(place),
    deadLetteredAt: new Date(Number(message.timestamp)).toISOString(),
    originalTopic: text('topic'),
    originalPartition: wholeNumber(text('partition')),
    originalOffset: text('offset'),
    attempts: wholeNumber(text('attempt')),
    kind: text('errorKind'),
    errorClass: text('errorClass'),
    errorMessage: text('errorMessage'),
    message,
  };
}

/** The id of its order, as far as the record has it: the key, else the event's subject. */
export const subjectOf = ({ message }: StoredDeadLetter): string | undefined =>
  message.key?.toString() ?? headerText(message, 'ce_subject');

export type ResolutionPlan =
  | { readonly step: 'do' }
  | { readonly step: 'nothing'; readonly why: string }
  | { readonly step: 'refuse'; readonly why: string };

/** What to do with a dead letter, once: a resolved one stays resolved. */
export function planResolution(
  deadLetter: StoredDeadLetter,
  action: ResolutionAction,
  resolution: Resolution | undefined,
): ResolutionPlan {
  if (resolution) {
    return { step: 'nothing', why: `was ${resolution.action} on ${resolution.time} by ${resolution.by}` };
  }
  if (action === 'discarded') return { step: 'do' };
  const { originalTopic, group } = deadLetter;
  if (originalTopic === undefined) return { step: 'refuse', why: `has no header ${deadLetterHeaders.topic}` };
  const entry = Object.values<ServiceEntry>(everyService).find(({ consumerGroup }) => consumerGroup === group);
  if (!entry?.consumes.includes(originalTopic as EventType)) {
    return { step: 'refuse', why: `comes from ${originalTopic}, which ${group} does not consume` };
  }
  return { step: 'do' };
}

/** The record as it was before it was dead-lettered, for its original topic. */
export function originalRecord({ originalTopic = '', message }: StoredDeadLetter): OutgoingRecord {
  const headers = Object.entries(message.headers ?? {}).filter(
    (entry): entry is [string, NonNullable<(typeof entry)[1]>] => entry[1] !== undefined && !ours.has(entry[0]),
  );
  return { topic: originalTopic, key: message.key, value: message.value, headers: Object.fromEntries(headers) };
}
