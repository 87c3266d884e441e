/** The endpoints that every service has, for people, orchestrators and Prometheus. */
import { z } from 'zod';
import { isServing, type Health, type Registry } from '@order-pipeline/runtime';
import { route, type Route } from './route.ts';

const check = z.object({ status: z.enum(['up', 'degraded', 'down', 'starting']), detail: z.unknown().optional() });
const checks = z.record(z.string(), check);
const readiness = z
  .object({ status: z.enum(['ready', 'degraded', 'starting', 'draining', 'not ready']), checks })
  .meta({ id: 'Readiness' });
const liveness = z.object({ status: z.enum(['live', 'dead']), checks }).meta({ id: 'Liveness' });
const health = z
  .object({
    status: z.enum(['healthy', 'unhealthy']),
    service: z.string(),
    instance: z.string().optional(),
    uptime_seconds: z.int(),
    checks,
  })
  .meta({ id: 'Health' });

export interface SystemOptions {
  readonly service: string;
  readonly instance?: string | undefined;
  readonly health: Health;
  readonly metrics: Registry;
  /** The OpenAPI document, which includes these routes. */
  readonly openApi: () => unknown;
}

// Probes and scrapers may add parameters of their own; refusing those would fail a healthy service.
const common = { tags: ['operations'], query: z.looseObject({}) } as const;
const startedAt = performance.now();

export const systemRoutes = (options: SystemOptions): Route[] => [
  healthRoute(options),
  livenessRoute(options),
  readinessRoute(options),
  metricsRoute(options),
  openApiRoute(options),
];

function healthRoute({ service, instance, health: state }: SystemOptions): Route {
  return route({
    ...common,
    method: 'GET',
    path: '/health',
    operationId: 'getHealth',
    summary: 'Get the health of the service, for people',
    responses: {
      200: { description: 'The service serves requests', schema: health },
      503: { description: 'The service does not serve requests now', schema: health },
    },
    handle() {
      const found = state.checks();
      const healthy = isServing(state.readiness(found)) && state.live();
      const detail = {
        service,
        instance,
        uptime_seconds: Math.floor((performance.now() - startedAt) / 1000),
        checks: found,
      };
      return healthy
        ? { status: 200, body: { status: 'healthy', ...detail } }
        : { status: 503, body: { status: 'unhealthy', ...detail } };
    },
  });
}

function livenessRoute({ health: state }: SystemOptions): Route {
  return route({
    ...common,
    method: 'GET',
    path: '/livez',
    operationId: 'getLiveness',
    summary: 'Get the liveness of the process',
    responses: {
      200: { description: 'The process works, or waits for a dependency', schema: liveness },
      503: { description: 'Only a restart can repair the process', schema: liveness },
    },
    handle: () =>
      state.live()
        ? { status: 200, body: { status: 'live', checks: state.checks() } }
        : { status: 503, body: { status: 'dead', checks: state.checks() } },
  });
}

function readinessRoute({ health: state }: SystemOptions): Route {
  return route({
    ...common,
    method: 'GET',
    path: '/readyz',
    operationId: 'getReadiness',
    summary: 'Get the readiness to serve requests',
    responses: {
      200: { description: 'Ready, or degraded and still serving', schema: readiness },
      503: { description: 'Starting, draining or not ready', schema: readiness },
    },
    handle() {
      const found = state.checks();
      const status = state.readiness(found);
      return { status: isServing(status) ? 200 : 503, body: { status, checks: found } };
    },
  });
}

function metricsRoute({ metrics }: SystemOptions): Route {
  return route({
    ...common,
    method: 'GET',
    path: '/metrics',
    operationId: 'getMetrics',
    summary: 'Get the metrics in the Prometheus text format',
    responses: { 200: { description: 'All series of this process', contentType: 'text/plain' } },
    handle: async () => ({
      status: 200,
      body: await metrics.metrics(),
      headers: { 'Content-Type': metrics.contentType },
    }),
  });
}

function openApiRoute({ openApi }: SystemOptions): Route {
  return route({
    ...common,
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'Get this description of the API',
    responses: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
    handle: () => ({ status: 200, body: openApi() as { openapi: string } }),
  });
}
