/** Errors as responses: RFC 9457 (Problem Details for HTTP APIs), and the one table from error to status. */
import { STATUS_CODES } from 'node:http';
import { isOutage } from '@order-pipeline/resilience';

/** One fault of a request: a `pointer` into the body (`#/items/0/quantity`, RFC 6901), else the `parameter`'s name. */
export type Fault =
  { readonly pointer: string; readonly detail: string } | { readonly parameter: string; readonly detail: string };

export interface ProblemOptions {
  /** A stable relative URI where the status alone does not say which problem it is. */
  readonly type?: string;
  readonly title?: string;
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Thrown to end a request with a status and a sentence; the outermost middleware turns it into the response. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.detail = detail;
    this.type = options.type ?? 'about:blank';
    this.title = options.title ?? STATUS_CODES[status] ?? 'Error';
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.extra = options.extra ?? {};
  }

  /** The document for the request to `instance`. */
  document(instance: string): Record<string, unknown> {
    const { type, title, status, detail, errors, extra } = this;
    return { type, title, status, detail, instance, ...(errors === undefined ? {} : { errors }), ...extra };
  }
}

export const isHttpProblem = (error: unknown): error is HttpProblem => (error as Error | null)?.name === 'HttpProblem';

export const badRequest = (detail: string, options?: ProblemOptions) => new HttpProblem(400, detail, options);
export const unauthorized = (detail: string, challenge = 'Bearer') =>
  new HttpProblem(401, detail, { headers: { 'WWW-Authenticate': challenge } });
export const forbidden = (detail: string) => new HttpProblem(403, detail);
export const notFound = (detail: string) => new HttpProblem(404, detail);
export const methodNotAllowed = (method: string, allow: readonly string[]) =>
  new HttpProblem(405, `${method} is not allowed for this path`, { headers: { Allow: allow.join(', ') } });
export const conflict = (detail: string, extra: Readonly<Record<string, unknown>> = {}) =>
  new HttpProblem(409, detail, { extra });
export const tooLarge = (limitBytes: number) =>
  new HttpProblem(413, `The body is over the limit of ${limitBytes} bytes`, { extra: { limit_bytes: limitBytes } });
export const unsupportedMediaType = (detail: string) =>
  new HttpProblem(415, detail, { headers: { Accept: 'application/json' } });
export const unavailable = (detail: string, retryAfterSeconds = 2, cause?: unknown) =>
  new HttpProblem(503, detail, { headers: { 'Retry-After': String(Math.ceil(retryAfterSeconds)) }, cause });

// A hostile body can hold tens of thousands of faults; the response must not be larger than the request.
const maxFaults = 1000;

/** 422 with every fault named, in the document's `errors` and the first few in its `detail`. */
export function unprocessable(errors: readonly Fault[], detail = describeFaults(errors)): HttpProblem {
  return new HttpProblem(422, detail, { errors: errors.slice(0, maxFaults) });
}

function describeFaults(faults: readonly Fault[]): string {
  const named = faults
    .slice(0, 5)
    .map((fault) => `${'pointer' in fault ? fault.pointer : fault.parameter}: ${fault.detail}`);
  const rest = faults.length - named.length;
  return `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`.slice(0, 1000);
}

interface LibraryHttpError {
  readonly status: number;
  readonly expose: boolean;
  readonly message: string;
}
const isLibraryHttpError = (error: unknown): error is LibraryHttpError =>
  error instanceof Error && 'status' in error && 'expose' in error && error.expose === true;

/** From error to status; the first match wins. */
export function toProblem(error: unknown): HttpProblem {
  if (isHttpProblem(error)) return error;
  // Before outages: a client that aborts its upload has the error codes of a lost connection as well.
  if (isLibraryHttpError(error)) return new HttpProblem(error.status, error.message, { cause: error });
  if (isOutage(error)) return unavailable('A dependency is unavailable; the request is not confirmed', 2, error);
  return new HttpProblem(500, 'The request failed on our side; the error is logged', {
    cause: error,
  });
}
