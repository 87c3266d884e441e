/** A route is described once; the router, the validation and the OpenAPI document follow from the description. */
import type { Readable } from 'node:stream';
import type { Context } from 'koa';
import { z } from 'zod';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ResponseSpec {
  readonly description: string;
  /** Documents and types the body; our own responses are not validated again. */
  readonly schema?: z.ZodType;
  /** Header name to its description. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: `application/json` where there is a schema. */
  readonly contentType?: string;
}

type Parameters = z.ZodObject;

/** The statuses that a handler may return; 422, 413, 415 and 500 are set by the middleware, or thrown as problems. */
type Status = 200 | 201 | 202 | 204 | 303 | 304 | 400 | 401 | 403 | 404 | 409 | 410 | 412 | 422 | 429 | 503;
export type Responses = { readonly [S in Status]?: ResponseSpec };

type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

type ReplyOf<S, R> = R extends { readonly schema: { readonly _zod: { readonly output: infer O } } }
  ? { readonly status: S; readonly headers?: Readonly<Record<string, string>>; readonly body: DeepReadonly<O> }
  : {
      readonly status: S;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array | Readable | null | undefined;
    };

/** What a handler returns: one of the described statuses, with its body. */
export type Reply<R extends Responses> = { [S in keyof R & Status]: ReplyOf<S, R[S]> }[keyof R & Status];

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;

interface RouteRequest<P, Q, H, B> {
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly headers: Output<H>;
  readonly body: Output<B>;
  readonly ctx: Context;
}

export interface RouteSpec<
  R extends Responses,
  A,
  P extends Parameters | undefined = undefined,
  Q extends Parameters | undefined = undefined,
  H extends Parameters | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
> {
  readonly method: Method;
  /** As OpenAPI writes it: `/orders/{order_id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly params?: P;
  /** Unknown parameters are refused unless the object is a `z.looseObject`. */
  readonly query?: Q;
  /** Lower-case names; other headers are ignored. */
  readonly headers?: H;
  /** Made of `z.strictObject`s: unknown fields are refused at every depth. */
  readonly body?: B;
  readonly responses: R;
  handle(request: RouteRequest<P, Q, H, B>): A | Promise<A>;
}

export type AnyRequest = RouteRequest<unknown, unknown, unknown, unknown>;

/** A described route, without the types that checked its handler. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly params?: Parameters | undefined;
  readonly query?: Parameters | undefined;
  readonly headers?: Parameters | undefined;
  readonly body?: z.ZodType | undefined;
  readonly responses: Responses;
  handle(request: AnyRequest): ReplyValue | Promise<ReplyValue>;
}

export interface ReplyValue {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Types a route from its schemas. Throws when the path and the schema of params name different parameters, and when the
 * body's schema would let unknown fields through.
 */
export function route<
  const R extends Responses,
  const A extends Reply<R>,
  P extends Parameters | undefined = undefined,
  Q extends Parameters | undefined = undefined,
  H extends Parameters | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<R, A, P, Q, H, B>): Route {
  const described = spec as unknown as Route;
  const { path, params, body } = described;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const inSchema = Object.keys(params?.shape ?? {});
  if (inPath.length !== inSchema.length || inSchema.some((name) => !inPath.includes(name))) {
    throw new TypeError(`${path}: the path names [${inPath.join()}] and the schema of params [${inSchema.join()}]`);
  }
  if (body !== undefined) refuseLooseObjects(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }), path);
  return described;
}

/** zod ignores unknown fields by default, and one such object is enough to hide a client's typing error. */
function refuseLooseObjects(node: unknown, where: string): void {
  if (typeof node !== 'object' || node === null) return;
  if ('properties' in node && !('additionalProperties' in node)) {
    throw new TypeError(`${where}: the body has an object that lets unknown fields through; use z.strictObject`);
  }
  for (const [key, child] of Object.entries(node)) refuseLooseObjects(child, `${where} › ${key}`);
}
