/** The SDK, put together as the standard variables say. Loaded by tracing.ts alone, when it is asked for. */
import { diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { getNumberFromEnv } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import { within } from '@order-pipeline/resilience';
import type { TracingOptions } from './tracing.ts';

const stopWithinMs = 2_000;
/** An unreachable collector fails every batch; it is reported once a minute. */
const troubleEveryMs = 60_000;

/** Registers the provider for the whole process. Returns how to stop it, which delivers the finished spans. */
export function startSdk({
  service,
  instance,
  protocol,
  sampler,
  ratio,
  onTrouble,
}: TracingOptions): () => Promise<void> {
  const report = reportTroubles(onTrouble);
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(sampler, ratio),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...batching() })],
  });
  trace.setGlobalTracerProvider(provider);
  const tooLate = (): Error => new Error(`the last spans were not delivered within ${stopWithinMs} ms`);
  return () => within(stopWithinMs, provider.shutdown(), tooLate).catch((error: unknown) => report(String(error)));
}

function samplerOf(name: TracingOptions['sampler'], ratio: number): Sampler {
  if (name.startsWith('parentbased_')) {
    const root = samplerOf(name.slice('parentbased_'.length) as TracingOptions['sampler'], ratio);
    return new ParentBasedSampler({ root });
  }
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(ratio);
  return name === 'always_off' ? new AlwaysOffSampler() : new AlwaysOnSampler();
}

/** The standard variables that this version of the SDK does not read itself. */
function batching() {
  const given = {
    scheduledDelayMillis: getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: getNumberFromEnv('OTEL_BSP_EXPORT_TIMEOUT'),
    maxQueueSize: getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE'),
    maxExportBatchSize: getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Passes the SDK's warnings on, and what the returned function is called with, no more often than once a minute. */
function reportTroubles(onTrouble: (message: string) => void): (message: string) => void {
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  const report = (message: string): void => {
    if (performance.now() - reportedAtMs < troubleEveryMs) return;
    reportedAtMs = performance.now();
    onTrouble(message.slice(0, 500));
  };
  const ignore = (): void => {};
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  return report;
}
