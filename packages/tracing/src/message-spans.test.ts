import { describe, expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { recordSpans } from '../test/recorded-spans.ts';
import { createMessageSpans, type SentRecord, type TracedRecord } from './message-spans.ts';
import { spanContextOf } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentSpanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentSpanId}-01`;

const record = (offset: number, changes: Partial<TracedRecord> = {}): TracedRecord => ({
  topic: 'order_placed',
  partition: 3,
  offset: String(offset),
  timestamp: String(Date.now() - 1_500),
  key: `order-${offset}`,
  traceparent,
  ...changes,
});
const sent = (changes: Partial<SentRecord>): SentRecord => ({
  topic: 'payment_processed',
  key: 'order-0',
  traceparent,
  partition: 5,
  offset: '41',
  sinceMs: Date.now() - 250,
  ...changes,
});
const open = () => {
  const { tracer, finished } = recordSpans();
  return { spans: createMessageSpans(tracer, 'payment-service'), finished };
};

describe('processing a batch', () => {
  test("has a span for each record, under the record's own trace", () => {
    const { spans, finished } = open();
    const batch = spans.begin([record(0), record(1, { traceparent: undefined })]);
    expect(finished()).toEqual([]);
    batch.end();
    const [first, second] = finished();
    expect(first).toMatchObject({ name: 'process order_placed', kind: SpanKind.CONSUMER });
    expect(first!.spanContext().traceId).toBe(traceId);
    expect(first!.parentSpanContext?.spanId).toBe(parentSpanId);
    expect(second!.parentSpanContext).toBeUndefined();
    expect(second!.spanContext().traceId).not.toBe(traceId);
  });

  test("describes the record in OpenTelemetry's terms, and how long it waited in its topic", () => {
    const { spans, finished } = open();
    spans.begin([record(7), record(8)]).end();
    expect(finished()[0]!.attributes).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.destination.name': 'order_placed',
      'messaging.destination.partition.id': '3',
      'messaging.kafka.offset': 7,
      'messaging.kafka.message.key': 'order-7',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'payment-service',
      'messaging.batch.message_count': 2,
    });
    const waitMs = finished()[0]!.attributes['order_pipeline.queue_wait_ms'] as number;
    expect(waitMs).toBeGreaterThanOrEqual(1_500);
    expect(waitMs).toBeLessThan(60_000);
  });

  test('names no key where the record has none, and no negative wait where clocks differ', () => {
    const { spans, finished } = open();
    spans.begin([record(0, { key: undefined, timestamp: String(Date.now() + 60_000) })]).end();
    expect(finished()[0]!.attributes).not.toHaveProperty('messaging.kafka.message.key');
    expect(finished()[0]!.attributes['order_pipeline.queue_wait_ms']).toBe(0);
  });

  test('gives what follows from a record the traceparent of its span', () => {
    const { spans, finished } = open();
    const batch = spans.begin([record(0), record(1)]);
    const continued = [batch.traceparentOf(0), batch.traceparentOf(1)];
    batch.end();
    expect(continued.map((text) => spanContextOf(text)?.spanId)).toEqual(
      finished().map((span) => span.spanContext().spanId),
    );
  });

  test('marks the span of a record that failed, and no other', () => {
    const { spans, finished } = open();
    const batch = spans.begin([record(0), record(1)]);
    batch.failed(1, new TypeError('no decision'));
    batch.end();
    const [first, second] = finished();
    expect(first!.status.code).toBe(SpanStatusCode.UNSET);
    expect(second).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'no decision' },
      events: [{ name: 'exception' }],
    });
  });

  test('marks every span of a batch that is left to the next owner of its partitions', () => {
    const { spans, finished } = open();
    spans.begin([record(0), record(1)]).end(new Error('the membership is lost'));
    const left = { code: SpanStatusCode.ERROR, message: 'left to the next owner' };
    expect(finished().map(({ status }) => status)).toEqual([left, left]);
  });
});

describe('sending', () => {
  test('what a batch decided is a child of the span that decided it, without links', () => {
    const { spans, finished } = open();
    const batch = spans.begin([record(0)]);
    batch.sent([sent({ traceparent: batch.traceparentOf(0) })]);
    batch.end();
    const [send, process] = finished();
    expect(send).toMatchObject({ name: 'send payment_processed', kind: SpanKind.PRODUCER, links: [] });
    expect(send!.parentSpanContext?.spanId).toBe(process!.spanContext().spanId);
    expect(send!.attributes).toMatchObject({
      'messaging.destination.name': 'payment_processed',
      'messaging.destination.partition.id': '5',
      'messaging.kafka.offset': 41,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    });
  });

  test('an outcome that is republished belongs to the span that decided it, and links to the record that caused it', () => {
    const { spans, finished } = open();
    const batch = spans.begin([record(0), record(1)]);
    batch.sent([sent({ key: 'order-1' })]);
    batch.end();
    const [send, , second] = finished();
    expect(send!.parentSpanContext?.spanId).toBe(parentSpanId);
    expect(send!.links.map(({ context }) => context.spanId)).toEqual([second!.spanContext().spanId]);
  });

  test('events of an outbox has a span from when they began to wait', () => {
    const { spans, finished } = open();
    spans.sent([sent({}), sent({ key: undefined, offset: '42' })]);
    expect(finished()).toHaveLength(2);
    for (const span of finished()) {
      expect(span.parentSpanContext?.spanId).toBe(parentSpanId);
      expect(span.links).toEqual([]);
      const [seconds, nanoseconds] = span.duration;
      expect(seconds * 1_000 + nanoseconds / 1e6).toBeGreaterThanOrEqual(249);
    }
  });
});
