import { exemplarOf, hasExemplars, Histogram, type Registry } from '@order-pipeline/runtime';

/** Observes one request with its response; `route` is a pattern, never a path, so that there are few series. */
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
    help: 'Time from the parsed request head to the response, by route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    enableExemplars: hasExemplars(registry),
    registers: [registry],
  });
  if (hasExemplars(registry)) {
    return (method, route, status, value, traceparent) =>
      histogram.observe({ labels: { method, route, status }, value, ...exemplarOf(traceparent) } as never);
  }
  // A lookup by labels sorts and joins them each time; the hot path keeps the few children that there are.
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
