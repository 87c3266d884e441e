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
import type { TracingOptions } from './tracing.ts';

const stopWithinMs = 2_000;
/** A collector that is away fails every batch; one line a minute says so. */
const troubleEveryMs = 60_000;

/** Registers the provider for the whole process, and answers how to end it. */
export function startSdk({
  service,
  instance,
  protocol,
  sampler,
  ratio,
  onTrouble,
}: TracingOptions): () => Promise<void> {
  reportTroubles(onTrouble);
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(sampler, ratio),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...batching() })],
  });
  trace.setGlobalTracerProvider(provider);
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, stopWithinMs)));
    await Promise.race([provider.shutdown().catch((error: unknown) => onTrouble(String(error))), limit]);
    clearTimeout(timer);
  };
}

function samplerOf(name: TracingOptions['sampler'], ratio: number): Sampler {
  if (name.startsWith('parentbased_')) {
    const root = samplerOf(name.slice('parentbased_'.length) as TracingOptions['sampler'], ratio);
    return new ParentBasedSampler({ root });
  }
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(ratio);
  return name === 'always_off' ? new AlwaysOffSampler() : new AlwaysOnSampler();
}

/** Those of the standard variables that this version of the SDK leaves to whoever builds it. */
function batching() {
  const given = {
    scheduledDelayMillis: getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: getNumberFromEnv('OTEL_BSP_EXPORT_TIMEOUT'),
    maxQueueSize: getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE'),
    maxExportBatchSize: getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function reportTroubles(onTrouble: (message: string) => void): void {
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
}
