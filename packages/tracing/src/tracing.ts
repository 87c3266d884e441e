/** OpenTelemetry's SDK, which is not even loaded unless tracing is started. */
import { trace, type Tracer } from '@opentelemetry/api';

export interface TracingOptions {
  readonly service: string;
  readonly instance: string;
  /** As the variable OTEL_EXPORTER_OTLP_PROTOCOL has it. */
  readonly protocol: 'http/protobuf' | 'http/json';
  /** As OTEL_TRACES_SAMPLER has it. */
  readonly sampler:
    | 'always_on'
    | 'always_off'
    | 'traceidratio'
    | 'parentbased_always_on'
    | 'parentbased_always_off'
    | 'parentbased_traceidratio';
  /** For the samplers by ratio, 0 to 1. */
  readonly ratio: number;
  /** Spans that could not be delivered, and other troubles that are no reason to stop. */
  readonly onTrouble: (message: string) => void;
}

export interface Tracing {
  /** Its spans record nothing until `start` has resolved. */
  readonly tracer: Tracer;
  /** The SDK reads endpoint, intervals and time-outs from the standard OTEL_… variables. */
  start(): Promise<void>;
  /** Delivers the finished spans, for a bounded time. */
  stop(): Promise<void>;
}

export function createTracing(options: TracingOptions): Tracing {
  let stop: (() => Promise<void>) | undefined;
  return {
    tracer: trace.getTracer('order-pipeline'),
    async start() {
      const { startSdk } = await import('./sdk.ts');
      stop = startSdk(options);
    },
    stop: async () => stop?.(),
  };
}
