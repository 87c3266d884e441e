/**
 * Spans of messages, by OpenTelemetry's conventions for messaging. No instrumentation knows batches as these are: one
 * fetch, one write and one send belong to hundreds of orders, so nothing here asks which span is "active". A message's
 * traceparent is its creation context: it names the span that decided the event, is stored with it, and never changes.
 */
import { SpanKind, SpanStatusCode, type Attributes, type Link, type Span, type Tracer } from '@opentelemetry/api';
import { contextOf, spanContextOf, traceparentOf } from './traceparent.ts';

export interface TracedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Milliseconds since the epoch at which it was sent. */
  readonly timestamp: string;
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
}

/** What was acknowledged. */
export interface SentMessage {
  readonly topic: string;
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
  readonly partition: number;
  readonly offset: string;
  readonly sinceMs: number;
}

/** The messages of one chunk, each under a span of its own. */
export interface ChunkSpans {
  /** Of the span of that message: what it brings about carries this on. */
  traceparentOf(index: number): string;
  /** The message could not be worked off. */
  failed(index: number, error: Error): void;
  /** These followed from the chunk. */
  sent(messages: readonly SentMessage[]): void;
  /** Ends every span; with an error when the chunk was left to the next owner of its partitions. */
  end(error?: unknown): void;
}

export interface MessageSpans {
  begin(messages: readonly TracedMessage[]): ChunkSpans;
  /** Events that waited in an outbox. */
  sent(messages: readonly SentMessage[]): void;
}

export function createMessageSpans(tracer: Tracer, consumerGroup: string): MessageSpans {
  const process = (message: TracedMessage, attributes: Attributes): Span =>
    tracer.startSpan(
      `process ${message.topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          ...attributes,
          ...placeOf(message),
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.consumer.group.name': consumerGroup,
          'order_pipeline.queue_wait_ms': Math.max(0, Date.now() - Number(message.timestamp)),
        },
      },
      contextOf(message.traceparent),
    );

  const send = (message: SentMessage, links: Link[] = []): void =>
    tracer
      .startSpan(
        `send ${message.topic}`,
        {
          kind: SpanKind.PRODUCER,
          startTime: message.sinceMs,
          links,
          attributes: {
            ...placeOf(message),
            'messaging.operation.name': 'send',
            'messaging.operation.type': 'send',
          },
        },
        contextOf(message.traceparent),
      )
      .end();

  return {
    sent: (messages) => messages.forEach((message) => send(message)),
    begin(messages) {
      const attributes = { 'messaging.batch.message_count': messages.length };
      const spans = messages.map((message) => process(message, attributes));
      const own = new Set(spans.map((span) => span.spanContext().spanId));
      return {
        traceparentOf: (index) => traceparentOf(spans[index]!.spanContext()),
        failed(index, error) {
          spans[index]!.recordException(error);
          spans[index]!.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        },
        sent(sent) {
          for (const message of sent) {
            // What was decided before and is told again belongs to the span of then, and says who made it be told.
            const isNew = own.has(spanContextOf(message.traceparent)?.spanId ?? '');
            const causes = isNew ? [] : spans.filter((_, index) => messages[index]!.key === message.key);
            send(
              message,
              causes.map((span) => ({ context: span.spanContext() })),
            );
          }
        },
        end(error) {
          for (const span of spans) {
            if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: 'left to the next owner' });
            span.end();
          }
        },
      };
    },
  };
}

const placeOf = ({ topic, partition, offset, key }: Omit<TracedMessage, 'timestamp' | 'traceparent'>): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.destination.name': topic,
  'messaging.destination.partition.id': String(partition),
  'messaging.kafka.offset': Number(offset),
  ...(key === undefined ? {} : { 'messaging.kafka.message.key': key }),
});
