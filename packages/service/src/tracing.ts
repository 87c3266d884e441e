/** Tracing as a part of a service: on where the standard variables name a collector, and else not even there. */
import type { ServiceEntry } from '@order-pipeline/events';
import type { Lifecycle, Logger } from '@order-pipeline/runtime';
import {
  createMessageSpans,
  createRequestSpans,
  createTracing,
  type MessageSpans,
  type RequestSpans,
} from '@order-pipeline/tracing';
import type { PipelineConfig } from './create-service.ts';

export interface Traces {
  readonly messages: MessageSpans;
  readonly requests: RequestSpans;
}

/** Added to the lifecycle first, so that it starts before what it traces and delivers what was traced last. */
export function addTraces(
  { name: service, consumerGroup }: ServiceEntry,
  config: PipelineConfig,
  { lifecycle, logger }: { readonly lifecycle: Lifecycle; readonly logger: Logger },
): Traces | undefined {
  const endpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || config.OTEL_SDK_DISABLED || config.OTEL_TRACES_EXPORTER === 'none') return undefined;
  const { tracer, start, stop } = createTracing({
    service,
    instance: config.INSTANCE_ID,
    protocol: config.OTEL_EXPORTER_OTLP_PROTOCOL,
    sampler: config.OTEL_TRACES_SAMPLER,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    onTrouble: (message) => logger.warn({ endpoint, detail: message }, 'traces are not delivered'),
  });
  lifecycle.add({ name: 'tracing', start, stop });
  return { messages: createMessageSpans(tracer, consumerGroup), requests: createRequestSpans(tracer) };
}
