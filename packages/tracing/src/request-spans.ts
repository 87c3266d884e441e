/** Spans of HTTP requests, by OpenTelemetry's conventions for servers. */
import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { contextOf, spanContextOf, traceparentOf } from './traceparent.ts';

export interface RequestSpan {
  /** What is done for the request carries this on. */
  readonly traceparent: string;
  /** The request also has to do with that trace. */
  link(traceparent: string): void;
  end(route: string, status: number): void;
}

export interface RequestSpans {
  /** Under the span of the caller, if it names one. */
  begin(method: string, path: string, traceparent: string | undefined): RequestSpan;
}

export function createRequestSpans(tracer: Tracer): RequestSpans {
  return {
    begin(method, path, caller) {
      const attributes = { 'http.request.method': method, 'url.path': path, 'url.scheme': 'http' };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, contextOf(caller));
      return {
        traceparent: traceparentOf(span.spanContext()),
        link(traceparent) {
          const context = spanContextOf(traceparent);
          if (context) span.addLink({ context });
        },
        end(route, status) {
          span.updateName(`${method} ${route}`);
          span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
  };
}
