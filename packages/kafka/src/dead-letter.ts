/** A message that nobody can work off goes to `<group>.dlq` with its bytes unchanged and the reason in added headers. */
import type { KafkaMessage } from 'kafkajs';
import { deadLetterTopic } from '@order-pipeline/events';
import type { OutgoingRecord } from './publisher.ts';

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
export type DeadLetterKind = (typeof deadLetterKinds)[number];

export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
  readonly kind: DeadLetterKind;
  readonly attempts: number;
  readonly error: Error;
}

const maxErrorMessageLength = 1_000;

export function deadLetterRecord(consumerGroup: string, letter: DeadLetter): OutgoingRecord {
  const { message, error } = letter;
  return {
    topic: deadLetterTopic(consumerGroup),
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      [deadLetterHeaders.topic]: letter.topic,
      [deadLetterHeaders.partition]: String(letter.partition),
      [deadLetterHeaders.offset]: message.offset,
      [deadLetterHeaders.timestamp]: message.timestamp,
      [deadLetterHeaders.group]: consumerGroup,
      [deadLetterHeaders.attempt]: String(letter.attempts),
      [deadLetterHeaders.errorClass]: error.name,
      [deadLetterHeaders.errorMessage]: error.message.slice(0, maxErrorMessageLength),
      [deadLetterHeaders.errorKind]: letter.kind,
    },
  };
}
