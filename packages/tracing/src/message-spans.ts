/**
 * Spans of records, by OpenTelemetry's conventions for messaging. No instrumentation supports batches like ours: one
 * fetch, one write and one send belong to hundreds of orders, so nothing here asks which span is "active". A record's
 * traceparent is its creation context: it names the span that decided the event, is stored with it, and never changes.
 */
import { SpanKind, SpanStatusCode, type Attributes, type Link, type Span, type Tracer } from '@opentelemetry/api';
import { contextOf, spanContextOf, traceparentOf } from './traceparent.ts';

export interface TracedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Milliseconds since the epoch at which it was sent. */
  readonly timestamp: string;
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
}

/** A record that was acknowledged. */
export interface SentRecord {
  readonly topic: string;
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
  readonly partition: number;
  readonly offset: string;
  /** Milliseconds since the epoch from which it waited to be sent. */
  readonly sinceMs: number;
}

/** The records of one batch, each under a span of its own. */
export interface BatchSpans {
  /** Of the span of that record: what follows from the record continues it. */
  traceparentOf(index: number): string;
  /** The record could not be processed. */
  failed(index: number, error: Error): void;
  /** These records followed from the batch. */
  sent(records: readonly SentRecord[]): void;
  /** Ends every span; with an error when the batch was left to the next owner of its partitions. */
  end(error?: unknown): void;
}

export interface MessageSpans {
  begin(records: readonly TracedRecord[]): BatchSpans;
  /** Records of events that waited in an outbox. */
  sent(records: readonly SentRecord[]): void;
}

const placeOf = ({ topic, partition, offset, key }: Omit<TracedRecord, 'timestamp' | 'traceparent'>): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.destination.name': topic,
  'messaging.destination.partition.id': String(partition),
  'messaging.kafka.offset': Number(offset),
  ...(key === undefined ? {} : { 'messaging.kafka.message.key': key }),
});

export const createMessageSpans = (tracer: Tracer, consumerGroup: string): MessageSpans => ({
  begin: (records) => new SpansOfBatch(tracer, consumerGroup, records),
  sent(records) {
    for (const record of records) traceSend(tracer, record, []);
  },
});

class SpansOfBatch implements BatchSpans {
  readonly #tracer: Tracer;
  readonly #records: readonly TracedRecord[];
  readonly #spans: readonly Span[];
  readonly #ids: ReadonlySet<string>;

  constructor(tracer: Tracer, consumerGroup: string, records: readonly TracedRecord[]) {
    const attributes = {
      'messaging.batch.message_count': records.length,
      'messaging.consumer.group.name': consumerGroup,
    };
    this.#tracer = tracer;
    this.#records = records;
    this.#spans = records.map((record) => startProcess(tracer, record, attributes));
    this.#ids = new Set(this.#spans.map((span) => span.spanContext().spanId));
  }

  traceparentOf(index: number): string {
    return traceparentOf(this.#spans[index]!.spanContext());
  }

  failed(index: number, error: Error): void {
    this.#spans[index]!.recordException(error);
    this.#spans[index]!.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }

  sent(records: readonly SentRecord[]): void {
    for (const record of records) traceSend(this.#tracer, record, this.#causesOf(record));
  }

  /** An event that was decided earlier and is republished belongs to the span of then; links name what caused it to be sent now. */
  #causesOf({ key, traceparent }: SentRecord): Link[] {
    if (this.#ids.has(spanContextOf(traceparent)?.spanId ?? '')) return [];
    const causes = this.#spans.filter((_, index) => this.#records[index]!.key === key);
    return causes.map((span) => ({ context: span.spanContext() }));
  }

  end(error?: unknown): void {
    for (const span of this.#spans) {
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: 'left to the next owner' });
      span.end();
    }
  }
}

function startProcess(tracer: Tracer, record: TracedRecord, ofBatch: Attributes): Span {
  const attributes = {
    ...ofBatch,
    ...placeOf(record),
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'order_pipeline.queue_wait_ms': Math.max(0, Date.now() - Number(record.timestamp)),
  };
  const options = { kind: SpanKind.CONSUMER, attributes };
  return tracer.startSpan(`process ${record.topic}`, options, contextOf(record.traceparent));
}

/** A span from when the record began to wait until now. */
function traceSend(tracer: Tracer, record: SentRecord, links: Link[]): void {
  const attributes = {
    ...placeOf(record),
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
  };
  const options = { kind: SpanKind.PRODUCER, startTime: record.sinceMs, links, attributes };
  tracer.startSpan(`send ${record.topic}`, options, contextOf(record.traceparent)).end();
}
