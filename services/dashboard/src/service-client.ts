/** How the dashboard speaks to the services: bounded in time, and a service's refusal is passed on as it was put. */
import type { z } from 'zod';
import { HttpProblem, unavailable, type Fault } from '@order-pipeline/http';

export interface ServiceCall {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  /** Headers without a value are left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/**
 * Asks for a path and answers what the schema makes of the body. Throws an HttpProblem: the service's own, or a 503 when
 * it gives no usable answer in time.
 */
export type ServiceClient = <S extends z.ZodType>(path: string, schema: S, call?: ServiceCall) => Promise<z.output<S>>;

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
  return async (path, schema, { method = 'GET', body, headers = {} } = {}) => {
    const sent = { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: Object.entries(sent).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, value]],
        ),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      throw unavailable(`The ${name} service does not answer; see whether it runs, and try again`, 2, cause);
    }
    const json = parse(text);
    if (response.status >= 400 && typeof json === 'object' && json !== null) throw passedOn(response, json as Problem);
    const known = schema.safeParse(json);
    if (response.ok && known.success) return known.data;
    throw unavailable(`The ${name} service gives an answer that cannot be read (status ${response.status})`);
  };
}

function passedOn(response: Response, problem: Problem): HttpProblem {
  const { type, title, status: _, detail, instance: __, errors, ...extra } = problem;
  const retryAfter = response.headers.get('retry-after');
  const challenge = response.headers.get('www-authenticate');
  return new HttpProblem(response.status, detail ?? 'The request was refused', {
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
