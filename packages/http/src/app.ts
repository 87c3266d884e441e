import { Router } from '@koa/router';
import Koa from 'koa';
import helmet from 'koa-helmet';
import type { RequestSpans } from '@order-pipeline/tracing';
import { healthMetrics, type Health, type Logger, type Registry } from '@order-pipeline/runtime';
import { httpMetrics } from './http-metrics.ts';
import { openApiDocument } from './openapi.ts';
import { limitInFlight, observe, problems, refuseUnmatched, runRoute, securityHeaders, traced } from './middleware.ts';
import type { Route } from './route.ts';
import { systemRoutes } from './system-routes.ts';

export interface AppOptions {
  readonly service: string;
  readonly instance?: string;
  /** Of the API, for the OpenAPI document. */
  readonly version?: string;
  readonly routes: readonly Route[];
  readonly health: Health;
  readonly metrics: Registry;
  readonly logger: Logger;
  /** Where tracing is on. */
  readonly spans?: RequestSpans | undefined;
  /** Default 100 KiB. */
  readonly bodyLimitBytes?: number;
  /** Concurrent requests above which the response is 503; 0, the default, sets no limit. Probes and metrics are exempt. */
  readonly maxInFlight?: number;
  /** koa-helmet's options, for a service that serves pages; the default suits JSON. */
  readonly helmet?: Parameters<typeof helmet>[0];
}

const isDisconnect = /^(ECONNRESET|EPIPE|ECONNABORTED|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP_REQUEST_TIMEOUT)$/;

/** The HTTP application of a service: its routes and the system's, behind the middleware. */
export function createApp(options: AppOptions): Koa {
  const { service, instance, health, metrics, logger, bodyLimitBytes = 100 * 1024, version = '1.0.0' } = options;
  // The document describes the system's routes too, one of which returns it.
  const openApi: { document?: unknown } = {};
  const system = systemRoutes({ service, instance, health, metrics, openApi: () => openApi.document });
  openApi.document = openApiDocument({ title: `${service} service`, version }, [...options.routes, ...system]);
  healthMetrics(metrics, health);

  const router = new Router({ sensitive: true });
  const limited = limitInFlight(options.maxInFlight ?? 0);
  const register = (route: Route, ...middleware: Koa.Middleware[]) => {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router.register(path, [route.method], [...middleware, runRoute(route, bodyLimitBytes)], { name: route.path });
  };
  for (const route of options.routes) register(route, limited);
  for (const route of system) register(route);

  const app = new Koa();
  if (options.spans) app.use(traced(options.spans));
  app.use(observe(httpMetrics(metrics), logger));
  app.use(problems(logger));
  app.use(securityHeaders(options.helmet));
  app.use(router.routes());
  app.use(refuseUnmatched);
  // For an error that reaches Koa's own handler no response is possible: the client disconnected, or a stream broke.
  app.on('error', (err: NodeJS.ErrnoException) => {
    const level = isDisconnect.test(err.code ?? '') ? 'debug' : 'error';
    logger[level]({ err }, 'a response could not be finished');
  });
  return app;
}
