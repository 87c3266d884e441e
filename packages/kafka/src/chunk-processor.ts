/**
 * One chunk from records to acknowledged outcomes: decode, hand on, isolate what fails, publish. Offsets are not its
 * concern; when it returns, every effect is durable and every outcome and dead letter acknowledged.
 */
import type { KafkaMessage } from 'kafkajs';
import {
  decodeEvent,
  encodeEvent,
  InvalidEventError,
  type PipelineEvent,
  type ReceivedEvent,
} from '@order-pipeline/events';
import { traceIdOf, type ChunkSpans, type MessageSpans, type TracedMessage } from '@order-pipeline/tracing';
import { deadLetterRecord, type DeadLetter } from './dead-letter.ts';
import type { Logger } from '@order-pipeline/resilience';
import type { MessagingMetrics } from './metrics.ts';
import { backoffMs, wait, type Backoff } from '@order-pipeline/resilience';
import { sentMessages, type OutgoingRecord, type Publisher } from './publisher.ts';

/**
 * Is told what happened, in offset order per partition, and answers with what follows. When it resolves, its effects are
 * durable; it may be called again with the same events. An outage it throws is waited out; anything else is isolated to
 * the one event that fails on its own.
 */
export type Handler = (events: readonly ReceivedEvent[]) => Promise<readonly PipelineEvent[]>;

export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

export interface ChunkProcessorOptions {
  readonly consumerGroup: string;
  readonly handler: Handler;
  readonly publisher: Publisher;
  readonly isOutage: (error: unknown) => boolean;
  readonly maxAttempts: number;
  readonly retryBackoff: Backoff;
  readonly outageBackoff: Backoff;
  readonly onOutage: (error: Error | undefined) => void;
  readonly logger: Logger;
  readonly metrics: MessagingMetrics;
  /** Where tracing is on. */
  readonly spans?: MessageSpans | undefined;
}

interface Outcome {
  readonly records: OutgoingRecord[];
  readonly deadLetters: DeadLetter[];
}

type Received = ReceivedEvent & { readonly raw: RawRecord };

export function createChunkProcessor(options: ChunkProcessorOptions) {
  const { consumerGroup, handler, publisher, isOutage, maxAttempts, onOutage, logger, metrics, spans } = options;

  // Across chunks: a wait that was given up, for the membership was lost, ends with the next step that succeeds.
  let away = false;

  /** Repeats the step while a dependency is away; gives up only when the signal says so. */
  const waitOut = async <T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const result = await step();
        if (away) onOutage(undefined);
        away = false;
        return result;
      } catch (error) {
        if (!isOutage(error)) throw error;
        away = true;
        onOutage(error as Error);
        await wait(backoffMs(options.outageBackoff, attempt), signal);
      }
    }
  };

  const handle = async (chunk: readonly Received[], signal: AbortSignal): Promise<OutgoingRecord[]> => {
    const stopTimer = metrics.handlerSeconds.startTimer();
    try {
      const outcomes = await waitOut(() => handler(chunk), signal);
      return outcomes.map(encodeEvent);
    } finally {
      stopTimer();
    }
  };

  /** Halves a failing chunk until the failing event stands alone; that one is tried again, then given up. */
  const handleIsolating = async (chunk: readonly Received[], signal: AbortSignal, attempt = 1): Promise<Outcome> => {
    try {
      return { records: await handle(chunk, signal), deadLetters: [] };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (chunk.length > 1) {
        const middle = chunk.length >> 1;
        const first = await handleIsolating(chunk.slice(0, middle), signal);
        const second = await handleIsolating(chunk.slice(middle), signal);
        return {
          records: [...first.records, ...second.records],
          deadLetters: [...first.deadLetters, ...second.deadLetters],
        };
      }
      if (attempt < maxAttempts) {
        await wait(backoffMs(options.retryBackoff, attempt - 1), signal);
        return handleIsolating(chunk, signal, attempt + 1);
      }
      return {
        records: [],
        deadLetters: chunk.map(({ raw }) => ({ ...raw, kind: 'handler', attempts: attempt, error })),
      };
    }
  };

  const work = async (raws: readonly RawRecord[], signal: AbortSignal, trace?: ChunkSpans): Promise<void> => {
    const received: Received[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const [index, raw] of raws.entries()) {
      try {
        const traceparent = trace?.traceparentOf(index) ?? textHeader(raw.message, 'traceparent');
        const event = decodeEvent(raw.topic, raw.message.value, traceparent);
        received.push({ event, topic: raw.topic, partition: raw.partition, offset: raw.message.offset, raw });
      } catch (error) {
        if (!isInvalidEvent(error)) throw error;
        deadLetters.push({ ...raw, kind: error.kind, attempts: 1, error });
      }
    }
    metrics.batchSize.observe(raws.length);
    const outcome: Outcome =
      received.length > 0 ? await handleIsolating(received, signal) : { records: [], deadLetters: [] };
    deadLetters.push(...outcome.deadLetters);
    const records = [...outcome.records, ...deadLetters.map((letter) => deadLetterRecord(consumerGroup, letter))];
    if (records.length > 0) {
      const sinceMs = Date.now();
      const places = await waitOut(() => publisher.send(records), signal);
      trace?.sent(sentMessages(records, places, () => sinceMs));
    }
    for (const letter of deadLetters) {
      trace?.failed(
        raws.findIndex(({ message }) => message === letter.message),
        letter.error,
      );
      metrics.deadLettered.inc({ topic: letter.topic, kind: letter.kind });
      logger.error(
        {
          topic: letter.topic,
          partition: letter.partition,
          offset: letter.message.offset,
          order_id: letter.message.key?.toString(),
          trace_id: traceIdOf(textHeader(letter.message, 'traceparent')),
          kind: letter.kind,
          attempts: letter.attempts,
          err: letter.error,
        },
        'dead-lettered a message',
      );
    }
  };

  return async function processChunk(raws: readonly RawRecord[], signal: AbortSignal): Promise<void> {
    const trace = spans?.begin(raws.map(tracedMessage));
    try {
      await work(raws, signal, trace);
    } catch (error) {
      trace?.end(error);
      throw error;
    }
    trace?.end();
  };
}

const tracedMessage = ({ topic, partition, message }: RawRecord): TracedMessage => ({
  topic,
  partition,
  offset: message.offset,
  timestamp: message.timestamp,
  key: message.key?.toString(),
  traceparent: textHeader(message, 'traceparent'),
});

const isInvalidEvent = (error: unknown): error is InvalidEventError =>
  (error as Error | null)?.name === 'InvalidEventError';

function textHeader(message: KafkaMessage, name: string): string | undefined {
  const header = message.headers?.[name];
  const first = Array.isArray(header) ? header[0] : header;
  // A header may have no value at all.
  return first?.toString();
}
