import { decodeEvent, isInvalidEvent } from '@order-pipeline/events';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import type { ConsumedRecord } from '../record.ts';
import type { DecodedEvent } from './handler.ts';

export interface DecodedBatch {
  readonly events: readonly DecodedEvent[];
  /** The records that are no event of ours. */
  readonly deadLetters: readonly DeadLetter[];
}

export function decode(records: readonly ConsumedRecord[]): DecodedBatch {
  const events: DecodedEvent[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const record of records) {
    const { topic, partition, message, traceparent } = record;
    try {
      const event = decodeEvent(topic, message.value, traceparent);
      events.push({ event, topic, partition, offset: message.offset, record });
    } catch (error) {
      if (!isInvalidEvent(error)) throw error;
      deadLetters.push({ record, kind: error.kind, attempts: 1, error });
    }
  }
  return { events, deadLetters };
}
