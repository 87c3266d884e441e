/** Tracing as a part of a service: on where the standard variables name a collector; otherwise the SDK is not loaded. */
import type { ServiceEntry } from '@order-pipeline/events';
import type { Component, Logger } from '@order-pipeline/runtime';
import {
  createMessageSpans,
  createRequestSpans,
  createTracing,
  type MessageSpans,
  type RequestSpans,
} from '@order-pipeline/tracing';
import type { ServiceConfig } from './settings.ts';

export interface Traces {
  /** Starts before what it traces, and delivers the last spans after that has stopped. */
  readonly component: Component;
  readonly messages: MessageSpans;
  readonly requests: RequestSpans;
}

export function createTraces(
  { name: service, consumerGroup }: ServiceEntry,
  config: ServiceConfig,
  logger: Logger,
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
  return {
    component: { name: 'tracing', start, stop },
    messages: createMessageSpans(tracer, consumerGroup),
    requests: createRequestSpans(tracer),
  };
}
