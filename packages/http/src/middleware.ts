/** The middleware of every request, in the order in which createApp adds it; each does one thing. */
import type { Context, Middleware, Next } from 'koa';
import helmet from 'koa-helmet';
import { traceIdOf, type RequestSpan, type RequestSpans } from '@order-pipeline/tracing';
import type { Logger } from '@order-pipeline/runtime';
import type { ObserveRequest } from './http-metrics.ts';
import { methodNotAllowed, notFound, toProblem, unavailable } from './problem.ts';
import type { ReplyValue, Route } from './route.ts';
import { requestReader } from './validation.ts';

/** The pattern of the route that the router matched, as createApp named it. */
const routeOf = (ctx: Context): string => (ctx as { _matchedRouteName?: string })._matchedRouteName ?? 'unmatched';

/** Records the duration of every request in the metrics, and at debug level in the log. */
export function observe(record: ObserveRequest, logger: Logger): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    await next();
    const ms = performance.now() - startedAt;
    record(ctx.method, routeOf(ctx), ctx.status, ms / 1000, ctx.get('traceparent'));
    if (logger.isLevelEnabled('debug')) {
      logger.debug({ method: ctx.method, path: ctx.path, status: ctx.status, ms: Math.round(ms * 10) / 10 }, 'request');
    }
  };
}

const readOnly = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Begins a span for each request that may change something, or whose caller traces. Handlers find it as the request's own
 * `traceparent`, and need not know whether tracing is on.
 */
export function traced(spans: RequestSpans): Middleware {
  return async (ctx, next) => {
    const caller = ctx.get('traceparent');
    if (caller === '' && readOnly.has(ctx.method)) return next();
    const span = spans.begin(ctx.method, ctx.path, caller);
    ctx.req.headers['traceparent'] = span.traceparent;
    ctx.state['span'] = span;
    try {
      await next();
    } finally {
      span.end(routeOf(ctx), ctx.status);
    }
  };
}

/** Links the request's span to another trace; does nothing where tracing is off. */
export function linkTrace(ctx: Context, traceparent: string | undefined): void {
  if (traceparent !== undefined) (ctx.state['span'] as RequestSpan | undefined)?.link(traceparent);
}

/** The order that the request names, where it names one. */
const orderOf = (ctx: Context): string | undefined => (ctx['params'] as { order_id?: string } | undefined)?.order_id;

/** Turns errors into responses, here and nowhere else, and logs failures once. */
export function problems(logger: Logger): Middleware {
  const logOutage = oncePerSecond((suppressed, fields) => logger.warn({ ...fields, suppressed }, 'responded 503'));
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const problem = toProblem(error);
      if (problem.status >= 500) {
        const fields = {
          err: problem.cause ?? problem,
          method: ctx.method,
          route: routeOf(ctx),
          order_id: orderOf(ctx),
          trace_id: traceIdOf(ctx.get('traceparent')),
        };
        if (problem.status === 503) logOutage(fields);
        else logger.error(fields, 'request failed');
      }
      ctx.status = problem.status;
      ctx.set(problem.headers as Record<string, string>);
      ctx.body = JSON.stringify(problem.document(ctx.path));
      ctx.type = 'application/problem+json';
    }
  };
}

/** An outage refuses thousands of requests a second for one reason, which one line a second logs. */
function oncePerSecond(log: (suppressed: number, fields: object) => void): (fields: object) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (fields) => {
    const now = performance.now();
    if (now - lastAt < 1000) {
      suppressed += 1;
      return;
    }
    log(suppressed, fields);
    lastAt = now;
    suppressed = 0;
  };
}

type HelmetOptions = Parameters<typeof helmet>[0];

// As OWASP's REST cheat sheet recommends for a JSON API. The headers left out are for pages, and each costs every response
// half a microsecond. TLS ends at a proxy in front of the service, which sets HSTS.
const forJson: HelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** helmet's headers are the same for every request: they are computed once, on a response that only records them. */
export function securityHeaders(options: HelmetOptions = forJson): Middleware {
  const headers: [string, string][] = [['Cache-Control', 'no-store']];
  const recording = { setHeader: (name: string, value: string) => headers.push([name, value]), removeHeader() {} };
  void helmet(options)({ req: {}, res: recording } as never, async () => {});
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
}

/** Refuses a request above the limit at once: waiting would only make it late as well. */
export function limitInFlight(limit: number): Middleware {
  let inFlight = 0;
  return async (_ctx, next) => {
    if (limit === 0) return next();
    if (inFlight >= limit) throw unavailable('The service is at its limit of concurrent requests', 1);
    inFlight += 1;
    try {
      await next();
    } finally {
      inFlight -= 1;
    }
  };
}

/** The innermost middleware: validates the request as the route describes it, and sends what its handler returns. */
export function runRoute(route: Route, bodyLimitBytes: number): Middleware {
  const read = requestReader(route, bodyLimitBytes);
  return async (ctx) => {
    reply(ctx, await route.handle(await read(ctx)));
  };
}

const isStream = (body: unknown): boolean =>
  typeof (body as { pipe?: unknown } | null | undefined)?.pipe === 'function';

function reply(ctx: Context, { status, body, headers }: ReplyValue): void {
  const isEmpty = body === undefined || body === null;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || isStream(body);
  // Serialized before any header is set, so that a body that cannot be serialized is a 500 like any other error.
  const content = isEmpty || isRaw ? body : JSON.stringify(body);
  ctx.status = status;
  if (!isEmpty && !isRaw) ctx.set('Content-Type', 'application/json; charset=utf-8');
  if (headers !== undefined) ctx.set(headers as Record<string, string>);
  // Koa sends a 204 or the status's name for an absent body; a described status without a body is neither.
  ctx.body = isEmpty ? (status === 204 || status === 304 ? null : '') : content;
}

/** Reached when no route matched: 405 where the path has other methods, else 404. */
export function refuseUnmatched(ctx: Context, _next: Next): void {
  const matched = (ctx as { matched?: readonly { readonly methods: readonly string[] }[] }).matched ?? [];
  const allow = [...new Set(matched.flatMap(({ methods }) => methods))];
  if (allow.length === 0) throw notFound('No resource has this path');
  if (ctx.method !== 'OPTIONS') throw methodNotAllowed(ctx.method, allow);
  ctx.status = 204;
  ctx.set('Allow', allow.join(', '));
}
