/** HTTP client of a service: with a timeout, and with the service's problem document passed on unchanged. */
import type { z } from 'zod';
import { HttpProblem, unavailable, type Fault } from '@order-pipeline/http';

interface ServiceCall {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  /** Headers without a value are omitted. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/**
 * Sends a request and returns the body as the schema reads it. Throws an HttpProblem: the service's own, or a 503 when no
 * valid response arrives in time.
 */
export type ServiceClient = <S extends z.ZodType>(path: string, schema: S, call?: ServiceCall) => Promise<z.output<S>>;

/** The services that the dashboard calls. */
export interface ServiceClients {
  readonly order: ServiceClient;
  readonly payment: ServiceClient;
  readonly inventory: ServiceClient;
  readonly shipment: ServiceClient;
}

interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly errors?: readonly Fault[];
  readonly [extra: string]: unknown;
}

export function createServiceClient(name: string, url: string, timeoutMs: number): ServiceClient {
  return async (path, schema, call = {}) => {
    const { response, text } = await send(`${url}${path}`, call, timeoutMs).catch((cause: unknown) => {
      throw unavailable(`The ${name} service is unreachable; check that it runs, and try again`, 2, cause);
    });
    const json = parse(text);
    if (response.status >= 400 && typeof json === 'object' && json !== null) throw problemOf(response, json as Problem);
    const body = schema.safeParse(json);
    if (response.ok && body.success) return body.data;
    throw unavailable(`The response of the ${name} service is invalid (status ${response.status})`);
  };
}

async function send(url: string, { method = 'GET', body, headers = {} }: ServiceCall, timeoutMs: number) {
  const sent = { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers };
  const response = await fetch(url, {
    method,
    headers: Object.entries(sent).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    ),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { response, text: await response.text() };
}

function problemOf(response: Response, problem: Problem): HttpProblem {
  const { type, title, status: _, detail, instance: __, errors, ...extra } = problem;
  const retryAfter = response.headers.get('retry-after');
  const challenge = response.headers.get('www-authenticate');
  return new HttpProblem(response.status, detail ?? 'The request was rejected', {
    ...(type === undefined ? {} : { type }),
    ...(title === undefined ? {} : { title }),
    ...(errors === undefined ? {} : { errors }),
    headers: {
      ...(retryAfter === null ? {} : { 'Retry-After': retryAfter }),
      ...(challenge === null ? {} : { 'WWW-Authenticate': challenge }),
    },
    extra,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
