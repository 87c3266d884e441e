/** A record that cannot be processed goes to `<group>.dlq` with its bytes unchanged and the reason in added headers. */
import type { Counter } from 'prom-client';
import { deadLetterTopic } from '@order-pipeline/events';
import type { Logger } from '@order-pipeline/resilience';
import { traceIdOf } from '@order-pipeline/tracing';
import { headerText, type ConsumedRecord, type OutgoingRecord } from '../record.ts';

/** The added headers, all UTF-8 text. */
export const deadLetterHeaders = {
  topic: 'x-original-topic',
  partition: 'x-original-partition',
  offset: 'x-original-offset',
  timestamp: 'x-original-timestamp',
  group: 'x-consumer-group',
  attempt: 'x-attempt',
  errorClass: 'x-error-class',
  errorMessage: 'x-error-message',
  errorKind: 'x-error-kind',
} as const;

export const deadLetterKinds = ['not-json', 'schema', 'handler'] as const;
type DeadLetterKind = (typeof deadLetterKinds)[number];

export interface DeadLetter {
  readonly record: ConsumedRecord;
  readonly kind: DeadLetterKind;
  readonly attempts: number;
  readonly error: Error;
}

const maxErrorMessageLength = 1_000;

export function deadLetterRecord(consumerGroup: string, { record, kind, attempts, error }: DeadLetter): OutgoingRecord {
  const { topic, partition, message } = record;
  return {
    topic: deadLetterTopic(consumerGroup),
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      [deadLetterHeaders.topic]: topic,
      [deadLetterHeaders.partition]: String(partition),
      [deadLetterHeaders.offset]: message.offset,
      [deadLetterHeaders.timestamp]: message.timestamp,
      [deadLetterHeaders.group]: consumerGroup,
      [deadLetterHeaders.attempt]: String(attempts),
      [deadLetterHeaders.errorClass]: error.name,
      [deadLetterHeaders.errorMessage]: error.message.slice(0, maxErrorMessageLength),
      [deadLetterHeaders.errorKind]: kind,
    },
  };
}

/** Counts and logs the dead letters of a batch; call it once their topic has acknowledged them. */
export function reportDeadLetters(
  deadLetters: readonly DeadLetter[],
  logger: Logger,
  counter: Counter<'topic' | 'kind'>,
): void {
  for (const { record, kind, attempts, error } of deadLetters) {
    const { topic, partition, message } = record;
    counter.inc({ topic, kind });
    logger.error(
      {
        topic,
        partition,
        offset: message.offset,
        order_id: message.key?.toString(),
        trace_id: traceIdOf(headerText(message, 'traceparent')),
        kind,
        attempts,
        err: error,
      },
      'dead-lettered a record',
    );
  }
}
