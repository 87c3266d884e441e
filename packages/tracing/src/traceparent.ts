/** W3C Trace Context, https://www.w3.org/TR/trace-context/: the one line that ties an order's events together. */
import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, trace, type Context, type SpanContext } from '@opentelemetry/api';

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/u;
const sampled = 1;

/** Undefined where the text is no traceparent. */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = form.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags!, 16) & sampled, isRemote: true };
}

/** For children of that span; a new trace begins where there is none. */
export function contextOf(traceparent: string | undefined): Context {
  const parent = spanContextOf(traceparent);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${(traceFlags & sampled).toString(16).padStart(2, '0')}`;

export const traceIdOf = (traceparent: string | undefined): string | undefined => spanContextOf(traceparent)?.traceId;

export const isTraceparent = (text: string | undefined): text is string => spanContextOf(text) !== undefined;

/** Of a new trace that is not sampled: it ties an order's events and log lines together even where tracing is off. */
export function newTraceparent(): string {
  const spanId = randomUUID();
  return `00-${randomUUID().replaceAll('-', '')}-${spanId.slice(0, 8)}${spanId.slice(-8)}-00`;
}
