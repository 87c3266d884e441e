import type { MessageSpans, TracedRecord } from '@order-pipeline/tracing';
import type { ProcessBatch } from '../consumer/batch.ts';
import { headerText, type ConsumedRecord } from '../record.ts';
import { sentRecords } from '../publisher.ts';

const tracedRecord = ({ topic, partition, message }: ConsumedRecord): TracedRecord => ({
  topic,
  partition,
  offset: message.offset,
  timestamp: message.timestamp,
  key: message.key?.toString(),
  traceparent: headerText(message, 'traceparent'),
});

/**
 * Traces a batch: each record is processed under a span of its own, which what follows from it continues. A batch that
 * fails is left to the next owner of its partitions, and its spans say so.
 */
export function withSpans(spans: MessageSpans | undefined, next: ProcessBatch): ProcessBatch {
  if (spans === undefined) return next;
  return async ({ records, signal }) => {
    const batch = spans.begin(records.map(tracedRecord));
    const traced = records.map((record, index): ConsumedRecord => ({
      ...record,
      traceparent: batch.traceparentOf(index),
    }));
    try {
      const processed = await next({ records: traced, signal });
      const { published, deadLetters } = processed;
      batch.sent(sentRecords(published.records, published.places, () => published.sinceMs));
      for (const { record, error } of deadLetters) batch.failed(traced.indexOf(record), error);
      batch.end();
      return processed;
    } catch (error) {
      batch.end(error);
      throw error;
    }
  };
}
