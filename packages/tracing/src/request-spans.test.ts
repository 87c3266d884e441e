import { expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { recordSpans } from '../test/recorded-spans.ts';
import { createRequestSpans } from './request-spans.ts';
import { spanContextOf } from './traceparent.ts';

const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const open = () => {
  const { tracer, finished } = recordSpans();
  return { spans: createRequestSpans(tracer), finished };
};

test('a request has a span with its route and status', () => {
  const { spans, finished } = open();
  spans.begin('GET', '/orders/7', undefined).end('/orders/{order_id}', 200);
  expect(finished()).toMatchObject([
    {
      name: 'GET /orders/{order_id}',
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/orders/7',
        'url.scheme': 'http',
        'http.route': '/orders/{order_id}',
        'http.response.status_code': 200,
      },
    },
  ]);
});

test('it continues the trace of its caller, and what is done for it continues its own span', () => {
  const { spans, finished } = open();
  const span = spans.begin('POST', '/orders', caller);
  const { traceparent } = span;
  span.end('/orders', 201);
  const [ended] = finished();
  expect(ended!.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(spanContextOf(traceparent)).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: ended!.spanContext().spanId,
  });
});

test('it links to another trace that it belongs to, and to nothing that is no traceparent', () => {
  const { spans, finished } = open();
  const span = spans.begin('POST', '/orders/7/cancel', undefined);
  span.link(caller);
  span.link('no traceparent');
  span.end('/orders/{order_id}/cancel', 202);
  expect(finished()[0]!.links.map(({ context }) => context.spanId)).toEqual(['b7ad6b7169203331']);
});

test.each([
  [499, SpanStatusCode.UNSET],
  [500, SpanStatusCode.ERROR],
  [503, SpanStatusCode.ERROR],
])('status %d gives the span the status %d', (status, code) => {
  const { spans, finished } = open();
  spans.begin('GET', '/orders', undefined).end('/orders', status);
  expect(finished()[0]!.status.code).toBe(code);
});
