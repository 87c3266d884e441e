import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Health } from './health.ts';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A registry with Node's default metrics, in which every series carries `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Observes one answered request; `route` is a pattern, never a path, so that the series stay few. */
export type ObserveRequest = (method: string, route: string, status: number, seconds: number) => void;

export function httpMetrics(registry: Registry): ObserveRequest {
  const histogram = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the parsed request head to the answer, by route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
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
