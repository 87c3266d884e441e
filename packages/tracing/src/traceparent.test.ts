import { expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { contextOf, spanContextOf, traceIdOf, traceparentOf } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test.each(['00', '01'])('a traceparent with the flags %s is read and written', (flags) => {
  const traceparent = `00-${traceId}-${spanId}-${flags}`;
  expect(traceparentOf(spanContextOf(traceparent)!)).toBe(traceparent);
  expect(trace.getSpanContext(contextOf(traceparent))).toMatchObject({ traceId, spanId, isRemote: true });
  expect(traceIdOf(traceparent)).toBe(traceId);
});

test('flags that are not known yet are not passed on', () => {
  expect(traceparentOf(spanContextOf(`00-${traceId}-${spanId}-ff`)!)).toBe(`00-${traceId}-${spanId}-01`);
});

test.each([
  undefined,
  '',
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `01-${traceId}-${spanId}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-01\n`,
])('%j is none: a new trace begins', (text) => {
  expect(spanContextOf(text)).toBeUndefined();
  expect(traceIdOf(text)).toBeUndefined();
  expect(trace.getSpanContext(contextOf(text))).toBeUndefined();
});
