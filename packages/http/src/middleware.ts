/** The rings around every request, in the order in which createApp puts them; each does one thing. */
import type { Context, Middleware, Next } from 'koa';
import helmet from 'koa-helmet';
import { traceIdOf, type RequestSpan, type RequestSpans } from '@order-pipeline/tracing';
import type { Logger } from '@order-pipeline/runtime';
import type { ObserveRequest } from './http-metrics.ts';
import { methodNotAllowed, notFound, toProblem, unavailable } from './problem.ts';
import type { ReplyValue, Route } from './route.ts';
import { requestReader } from './validation.ts';

/** The pattern under which createApp registered the route, as the router found it. */
const routeOf = (ctx: Context): string => (ctx as { _matchedRouteName?: string })._matchedRouteName ?? 'unmatched';

/** Duration of every request into the metrics, and at debug level into the log. */
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
 * A span for each request that may change something, or whose caller traces. Whoever is called within finds it as the
 * request's own `traceparent`, and so needs not to know whether anybody traces.
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

/** Notes that the request has to do with another trace as well; nothing where nobody traces. */
export function linkTrace(ctx: Context, traceparent: string | undefined): void {
  if (traceparent !== undefined) (ctx.state['span'] as RequestSpan | undefined)?.link(traceparent);
}

/** The order that the request names, where it names one. */
const orderOf = (ctx: Context): string | undefined => (ctx['params'] as { order_id?: string } | undefined)?.order_id;

/** Failures become replies here and nowhere else, and are logged here once. */
export function problems(logger: Logger): Middleware {
  const logOutage = oncePerSecond((suppressed, fields) => logger.warn({ ...fields, suppressed }, 'answered 503'));
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

/** An outage refuses thousands of requests a second for one reason; one line a second says so. */
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

// What OWASP's REST cheat sheet asks of an API that answers JSON. The headers left out are for pages, and each costs
// every answer half a microsecond. TLS ends in front of us, so HSTS is for who ends it.
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

/** helmet's headers never differ between two requests: they are computed once, by giving it a response that only notes. */
export function securityHeaders(options: HelmetOptions = forJson): Middleware {
  const headers: [string, string][] = [['Cache-Control', 'no-store']];
  const noting = { setHeader: (name: string, value: string) => headers.push([name, value]), removeHeader() {} };
  void helmet(options)({ req: {}, res: noting } as never, async () => {});
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
}

/** Above the limit a request is refused at once: waiting would only make it late as well. */
export function limitInFlight(limit: number): Middleware {
  let inFlight = 0;
  return async (_ctx, next) => {
    if (limit === 0) return next();
    if (inFlight >= limit) throw unavailable('The service is at its limit of requests at once', 1);
    inFlight += 1;
    try {
      await next();
    } finally {
      inFlight -= 1;
    }
  };
}

/** The innermost ring: reads and checks what the route asks for, and gives its handler's answer. */
export function runRoute(route: Route, bodyLimitBytes: number): Middleware {
  const read = requestReader(route, bodyLimitBytes);
  return async (ctx) => {
    reply(ctx, await route.handle(await read(ctx)));
  };
}

function reply(ctx: Context, { status, body, headers }: ReplyValue): void {
  const isEmpty = body === undefined || body === null;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || isStream(body);
  // Serialized inside the rings and before anything is set, so that a body that cannot be is a 500 like any other.
  const content = isEmpty || isRaw ? body : JSON.stringify(body);
  ctx.status = status;
  if (!isEmpty && !isRaw) ctx.set('Content-Type', 'application/json; charset=utf-8');
  if (headers !== undefined) ctx.set(headers as Record<string, string>);
  // Koa turns an absent body into a 204 or into the status's name; a described status without a body is neither.
  ctx.body = isEmpty ? (status === 204 || status === 304 ? null : '') : content;
}

const isStream = (body: unknown): boolean =>
  typeof (body as { pipe?: unknown } | null | undefined)?.pipe === 'function';

/** Reached when no route answered: 405 where the path has other methods, else 404. */
export function refuseUnmatched(ctx: Context, _next: Next): void {
  const matched = (ctx as { matched?: readonly { readonly methods: readonly string[] }[] }).matched ?? [];
  const allow = [...new Set(matched.flatMap(({ methods }) => methods))];
  if (allow.length === 0) throw notFound('There is nothing at this path');
  if (ctx.method !== 'OPTIONS') throw methodNotAllowed(ctx.method, allow);
  ctx.status = 204;
  ctx.set('Allow', allow.join(', '));
}
