import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { traceIdOf } from '@order-pipeline/tracing';
import type { Health } from './health.ts';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * A registry with Node's default metrics, in which every series carries `service`. With exemplars its format is
 * OpenMetrics, the only one that has them.
 */
export function createMetrics(service: string, { exemplars = false } = {}): Registry {
  const registry = new Registry();
  if (exemplars) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

export const hasExemplars = ({ contentType }: Registry): boolean =>
  (contentType as string) === Registry.OPENMETRICS_CONTENT_TYPE;

/** The exemplar of an observation in prom-client's form: the trace that it belongs to. */
export function exemplarOf(traceparent: string | undefined): { exemplarLabels: { trace_id: string } } | undefined {
  const trace_id = traceIdOf(traceparent);
  return trace_id === undefined ? undefined : { exemplarLabels: { trace_id } };
}

export type ObserveSeconds = (seconds: number, traceparent?: string) => void;

/** A histogram of seconds; with exemplars, each observation names its trace. */
export function tracedHistogram(
  registry: Registry,
  config: { readonly name: string; readonly help: string; readonly buckets: number[] },
): ObserveSeconds {
  const enableExemplars = hasExemplars(registry);
  const histogram = new Histogram({ ...config, enableExemplars, registers: [registry] });
  if (!enableExemplars) return (seconds) => histogram.observe(seconds);
  return (value, traceparent) => histogram.observe({ labels: {}, value, ...exemplarOf(traceparent) });
}

/** The checks of /readyz as series: 1 for the status that a check has. */
export function healthMetrics(registry: Registry, health: Health): void {
  const gauge = new Gauge({
    name: 'health_check_status',
    help: 'Status of each health check: 1 for the status that it has, and no series for the others.',
    labelNames: ['check', 'status'],
    registers: [],
    collect() {
      this.reset();
      for (const [check, { status }] of Object.entries(health.checks())) this.set({ check, status }, 1);
    },
  });
  registry.registerMetric(gauge);
}
