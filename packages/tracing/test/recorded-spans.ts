/** A tracer whose finished spans a test reads. */
import type { Tracer } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';

export interface RecordedSpans {
  readonly tracer: Tracer;
  /** In the order in which they ended. */
  finished(): ReadableSpan[];
}

export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { tracer: provider.getTracer('test'), finished: () => exporter.getFinishedSpans() };
}
