/** Records as they come from Kafka and go to it. */
import type { KafkaMessage } from 'kafkajs';
import type { Headers } from './record-format.ts';

export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
  /** What follows from the record continues this trace. */
  readonly traceparent: string | undefined;
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: Headers;
}

/** Where an acknowledged record landed. */
export interface PublishedAt {
  readonly partition: number;
  readonly offset: string;
}

export const consumedRecord = (topic: string, partition: number, message: KafkaMessage): ConsumedRecord => ({
  topic,
  partition,
  message,
  traceparent: headerText(message, 'traceparent'),
});

/** The first value of a header as text. A header may be there without a value. */
export function headerText({ headers }: Pick<KafkaMessage, 'headers'>, name: string): string | undefined {
  const value = headers?.[name];
  return (Array.isArray(value) ? value[0] : value)?.toString();
}
