/** Validates a request: returns the values for the handler, or throws one problem that names every fault. */
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import { z } from 'zod';
import { HttpProblem, tooLarge, unprocessable, unsupportedMediaType, type Fault } from './problem.ts';
import type { AnyRequest, Route } from './route.ts';

type Part = 'params' | 'query' | 'headers' | 'body';
type ReadRequest = (ctx: Context) => Promise<AnyRequest>;

const noParameters = z.strictObject({});

const strictUnlessLoose = (schema: z.ZodObject) => (schema.def.catchall === undefined ? schema.strict() : schema);

const malformed = Symbol('malformed');
const nothing = async () => {};

/** A reader of the requests of a route; what does not depend on a request is computed once. */
export function requestReader(route: Route, bodyLimitBytes: number): ReadRequest {
  const { params, headers, body } = route;
  const query = strictUnlessLoose(route.query ?? noParameters);
  const headerNames = Object.keys(headers?.shape ?? {});
  const readBody = body === undefined ? undefined : jsonBodyReader(bodyLimitBytes);

  return async (ctx) => {
    const faults: Fault[] = [];
    const check = (part: Part, schema: z.ZodType | undefined, given: unknown): unknown => {
      if (schema === undefined) return undefined;
      const parsed = schema.safeParse(given);
      if (parsed.success) return parsed.data;
      for (const issue of parsed.error.issues) faults.push(...faultsOf(part, issue));
      return undefined;
    };
    const search = ctx.querystring;
    const values = {
      params: check('params', params, ctx['params']),
      query: search === '' && route.query === undefined ? {} : check('query', query, parseQuery(search, faults)),
      headers: check('headers', headers, pick(ctx.req.headers, headerNames)),
    };
    // Faults of the URL and of the body are reported together.
    const given = readBody === undefined ? undefined : await readBody(ctx, faults);
    const checked = given === malformed ? undefined : check('body', body, given);
    if (faults.length > 0) throw unprocessable(faults);
    return { ...values, body: checked, ctx } as AnyRequest;
  };
}

function parseQuery(search: string, faults: Fault[]): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(search)) {
    if (name in values) repeated.add(name);
    else values[name] = value;
  }
  for (const parameter of repeated) faults.push({ parameter, detail: 'is given more than once' });
  return values;
}

function pick(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (headers[name] !== undefined) picked[name] = headers[name];
  return picked;
}

const isJson = (contentType: string | undefined) =>
  contentType === 'application/json' ||
  (contentType !== undefined && /^application\/json\s*(;\s*charset="?utf-8"?\s*)?;?$/i.test(contentType));

function jsonBodyReader(limitBytes: number) {
  // Not jsonStrict: empty text is not JSON, and the schema decides about an array or a scalar.
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: limitBytes, jsonStrict: false });
  return async (ctx: Context, faults: Fault[]): Promise<unknown> => {
    const { headers } = ctx.req;
    const length = headers['content-length'];
    if ((length === undefined || length === '0') && headers['transfer-encoding'] === undefined) {
      faults.push({ pointer: '#', detail: 'a JSON body is required' });
      return malformed;
    }
    if (!isJson(headers['content-type'])) throw unsupportedMediaType('The body must be application/json in UTF-8');
    // A few kilobytes of JSON gain little from compression, and a decompressor is one more attack surface.
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      throw new HttpProblem(415, 'A compressed body is not accepted', { headers: { 'Accept-Encoding': 'identity' } });
    }
    try {
      await parse(ctx, nothing);
    } catch (error) {
      const { status, message } = error as { status?: number; message: string };
      if (status === 413) throw tooLarge(limitBytes);
      if (!(error instanceof SyntaxError)) throw error;
      faults.push({ pointer: '#', detail: `not JSON that is safe to read: ${message.slice(0, 200)}` });
      return malformed;
    }
    if (ctx.request.body !== '') return ctx.request.body;
    faults.push({ pointer: '#', detail: 'a JSON body is required' });
    return malformed;
  };
}

/** A lone surrogate cannot be percent-encoded and would throw. */
const encodeKey = (key: string) => encodeURIComponent(key.toWellFormed());

/** RFC 6901, section 6: a JSON Pointer as a URI fragment. */
const jsonPointer = (path: readonly PropertyKey[]) =>
  `#${path.map((key) => `/${encodeKey(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;

const fault = (part: Part, path: readonly PropertyKey[], detail: string): Fault =>
  part === 'body' ? { pointer: jsonPointer(path), detail } : { parameter: String(path[0] ?? part), detail };

/** One fault per faulty field; zod reports all unknown fields of an object as one issue. */
function faultsOf(part: Part, issue: z.core.$ZodIssue): Fault[] {
  const detail = describeIssue(part, issue);
  if (issue.code !== 'unrecognized_keys') return [fault(part, issue.path, detail)];
  return issue.keys.map((key) => fault(part, [...issue.path, key], detail));
}

function describeIssue(part: Part, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return part === 'body' ? 'unknown field' : 'unknown parameter';
  if (issue.message.endsWith('received undefined')) return 'is required';
  return issue.message.replace(/^Invalid input: /, '');
}
