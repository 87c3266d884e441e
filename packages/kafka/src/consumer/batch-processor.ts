/**
 * One batch from records to acknowledged outcomes: decode → decide and store → publish. Offsets are not its concern: it
 * has returned before they are committed.
 */
import { encodeEvent } from '@order-pipeline/events';
import type { Backoff, Logger } from '@order-pipeline/resilience';
import type { MessageSpans } from '@order-pipeline/tracing';
import { deadLetterRecord, reportDeadLetters } from '../dead-letters/dead-letter.ts';
import type { MessagingMetrics } from '../metrics.ts';
import { withDeadLetters } from '../middleware/dead-letters.ts';
import { withOutageWait, type OutageWait } from '../middleware/outage-wait.ts';
import { withRetry } from '../middleware/retry.ts';
import { withSpans } from '../middleware/spans.ts';
import { withTimer } from '../middleware/timer.ts';
import type { Publisher } from '../publisher.ts';
import type { OutgoingRecord } from '../record.ts';
import type { ProcessBatch, PublishedRecords } from './batch.ts';
import { decode } from './decode.ts';
import type { Handler, Step } from './handler.ts';

export interface BatchProcessorOptions {
  readonly consumerGroup: string;
  readonly handler: Handler;
  readonly publisher: Pick<Publisher, 'send'>;
  readonly outages: OutageWait;
  /** Attempts of an event that fails alone, before it is dead-lettered. */
  readonly maxAttempts: number;
  readonly retryBackoff?: Backoff;
  readonly logger: Logger;
  readonly metrics: MessagingMetrics;
  /** Where tracing is on. */
  readonly spans?: MessageSpans | undefined;
}

const defaultRetryBackoff: Backoff = { firstMs: 50, maxMs: 1_000 };

export function createBatchProcessor(options: BatchProcessorOptions): ProcessBatch {
  const { consumerGroup, logger, metrics, spans } = options;
  const decide = decideStep(options);
  const publish = publishStep(options);

  const processBatch: ProcessBatch = async ({ records, signal }) => {
    const decoded = decode(records);
    metrics.batchSize.observe(records.length);
    const decided = await decide(decoded.events, signal);
    const deadLetters = [...decoded.deadLetters, ...decided.deadLetters];
    const deadLetterRecords = deadLetters.map((deadLetter) => deadLetterRecord(consumerGroup, deadLetter));
    const published = await publish([...decided.outcomes, ...deadLetterRecords], signal);
    reportDeadLetters(deadLetters, logger, metrics.deadLettered);
    return { published, deadLetters };
  };
  return withSpans(spans, processBatch);
}

/** The service's handler decides and stores; around it, from the inside out, each middleware does one thing. */
function decideStep({ handler, outages, maxAttempts, retryBackoff, metrics }: BatchProcessorOptions) {
  const decideAndStore: Step<readonly OutgoingRecord[]> = async (events) => (await handler(events)).map(encodeEvent);
  const patient = withOutageWait(outages, decideAndStore);
  const timed = withTimer(metrics.handlerSeconds, patient);
  const retried = withRetry({ maxAttempts, backoff: retryBackoff ?? defaultRetryBackoff }, timed);
  return withDeadLetters(maxAttempts, retried);
}

/** One request, however many outcomes and dead letters there are. */
function publishStep({ publisher, outages }: BatchProcessorOptions) {
  return async (records: readonly OutgoingRecord[], signal: AbortSignal): Promise<PublishedRecords> => {
    const sinceMs = Date.now();
    const places = records.length > 0 ? await outages.waitOut(() => publisher.send(records), signal) : [];
    return { records, places, sinceMs };
  };
}
