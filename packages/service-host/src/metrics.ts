import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { traceIdOf } from '@order-pipeline/tracing';
import type { Health } from './health.ts';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * A registry with Node's default metrics, in which every series carries `service`. With exemplars it speaks OpenMetrics,
 * which alone has a place for them.
 */
export function createMetrics(service: string, { exemplars = false } = {}): Registry {
  const registry = new Registry();
  if (exemplars) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

const hasExemplars = ({ contentType }: Registry): boolean =>
  (contentType as string) === Registry.OPENMETRICS_CONTENT_TYPE;

/** The trace that an observation is an example of, as prom-client takes it. */
function exemplarOf(traceparent: string | undefined): { exemplarLabels: { trace_id: string } } | undefined {
  const trace_id = traceIdOf(traceparent);
  return trace_id === undefined ? undefined : { exemplarLabels: { trace_id } };
}

export type ObserveSeconds = (seconds: number, traceparent?: string) => void;

/** A histogram of seconds; with exemplars, each observation is one of its trace. */
export function tracedHistogram(
  registry: Registry,
  config: { readonly name: string; readonly help: string; readonly buckets: number[] },
): ObserveSeconds {
  const enableExemplars = hasExemplars(registry);
  const histogram = new Histogram({ ...config, enableExemplars, registers: [registry] });
  if (!enableExemplars) return (seconds) => histogram.observe(seconds);
  return (value, traceparent) => histogram.observe({ labels: {}, value, ...exemplarOf(traceparent) });
}

/** Observes one answered request; `route` is a pattern, never a path, so that the series stay few. */
export type ObserveRequest = (
  method: string,
  route: string,
  status: number,
  seconds: number,
  traceparent?: string,
) => void;

export function httpMetrics(registry: Registry): ObserveRequest {
  const histogram = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the parsed request head to the answer, by route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    enableExemplars: hasExemplars(registry),
    registers: [registry],
  });
  if (hasExemplars(registry)) {
    return (method, route, status, value, traceparent) =>
      histogram.observe({ labels: { method, route, status }, value, ...exemplarOf(traceparent) } as never);
  }
  // Looking a child up by its labels sorts and joins them each time; the hot path keeps the few that there are.
  const children = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>();
  return (method, route, status, seconds) => {
    const key = `${status} ${method} ${route}`;
    let child = children.get(key);
    if (child === undefined) {
      child = histogram.labels({ method, route, status: String(status) });
      children.set(key, child);
    }
    child.observe(seconds);
  };
}

/** What /readyz says, as a series per check: 1 for the status that it has. */
export function healthMetrics(registry: Registry, health: Health): void {
  const gauge = new Gauge({
    name: 'health_check_status',
    help: 'State of each health check: 1 for the status that it has now.',
    labelNames: ['check', 'status'],
    registers: [],
    collect() {
      this.reset();
      for (const [check, { status }] of Object.entries(health.checks())) this.set({ check, status }, 1);
    },
  });
  registry.registerMetric(gauge);
}
