/** One trace per order: what a traceparent says, spans of messages and requests, and the SDK where it is asked for. */
export {
  createMessageSpans,
  type BatchSpans,
  type MessageSpans,
  type SentRecord,
  type TracedRecord,
} from './message-spans.ts';
export { createRequestSpans, type RequestSpan, type RequestSpans } from './request-spans.ts';
export { isTraceparent, newTraceparent, traceIdOf } from './traceparent.ts';
export { createTracing, type Tracing, type TracingOptions } from './tracing.ts';
