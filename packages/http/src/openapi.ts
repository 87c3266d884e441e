/** OpenAPI 3.1 of a service, generated from the routes that the router runs and the schemas that validate requests. */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { ResponseSpec, Route } from './route.ts';

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

type Json = Record<string, unknown>;

const faultSchema = z.object({
  pointer: z.string().optional().describe('The invalid field of the body: a JSON Pointer as a URI fragment'),
  parameter: z.string().optional().describe('The invalid path, query or header parameter'),
  detail: z.string(),
});
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().describe('The path of the request'),
    errors: z.array(faultSchema).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

export function openApiDocument(info: ApiInfo, routes: readonly Route[]): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const method = route.method.toLowerCase();
    const operations = (paths[route.path] ??= {});
    if (method in operations) throw new TypeError(`${route.method} ${route.path} is described twice`);
    operations[method] = operation(route, components);
  }
  return { openapi: '3.1.0', info, paths, components: components.document() };
}

function operation(route: Route, components: Components): Json {
  const { operationId, summary, description, tags, body } = route;
  const parameters = [
    ...parametersOf('path', route.params, components),
    ...parametersOf('query', route.query, components),
    ...parametersOf('header', route.headers, components),
  ];
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.headers !== undefined && 'authorization' in route.headers.shape
      ? { security: [components.bearer()] }
      : {}),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: components.schema(body, 'input') } },
          },
        }),
    responses: responsesOf(route, components),
  };
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  schema: z.ZodObject | undefined,
  components: Components,
): Json[] {
  // OpenAPI 3.1, 4.8.12.1: a parameter named Authorization is ignored; it is described as a security scheme.
  const entries = Object.entries(schema?.shape ?? {}).filter(([name]) => name !== 'authorization');
  return entries.map(([name, type]) => {
    const { description, ...rest } = components.schema(type as z.ZodType, 'input');
    return {
      name,
      in: place,
      required: place === 'path' || !(type as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function responsesOf(route: Route, components: Components): Json {
  const checksInput = route.params ?? route.query ?? route.headers ?? route.body;
  const added = [...(checksInput === undefined ? [] : [422]), ...(route.body === undefined ? [] : [413, 415])];
  const responses: Json = { default: components.problem('Any other failure') };
  for (const status of added) responses[status] = components.problem(STATUS_CODES[status] ?? '');
  for (const [status, spec] of Object.entries(route.responses)) {
    const isProblem = Number(status) >= 400 && spec.schema === undefined && spec.contentType === undefined;
    responses[status] = isProblem ? components.problem(spec.description, spec.headers) : responseOf(spec, components);
  }
  return responses;
}

function responseOf(spec: ResponseSpec, components: Components): Json {
  const { description, schema, headers, contentType = schema === undefined ? undefined : 'application/json' } = spec;
  const media = schema === undefined ? { schema: { type: 'string' } } : { schema: components.schema(schema, 'output') };
  return {
    description,
    ...headersOf(headers),
    ...(contentType === undefined ? {} : { content: { [contentType]: media } }),
  };
}

function headersOf(headers: ResponseSpec['headers'] = {}): Json {
  const documented = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return documented.length === 0 ? {} : { headers: Object.fromEntries(documented) };
}

/** The schemas and security schemes that operations refer to. */
class Components {
  readonly #schemas = new Map<string, unknown>();
  readonly #securitySchemes: Json = {};

  /** The JSON Schema of a type; a type with `.meta({ id })` becomes a component. Throws when two types share an id. */
  schema(type: z.ZodType, io: 'input' | 'output'): Json {
    const converted = z.toJSONSchema(type, { io, unrepresentable: 'any', override: dropPatternOfFormat });
    const { $schema: _dialect, $defs = {}, ...schema } = withComponentRefs(converted) as Json;
    for (const [id, definition] of Object.entries($defs as Json)) {
      const known = this.#schemas.get(id);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) {
        throw new TypeError(`two schemas, or the two sides of one, have the id "${id}" and differ`);
      }
      this.#schemas.set(id, definition);
    }
    return schema;
  }

  problem(description: string, headers?: ResponseSpec['headers']): Json {
    const content = { 'application/problem+json': { schema: this.schema(problemSchema, 'output') } };
    return { description, ...headersOf(headers), content };
  }

  bearer(): Json {
    this.#securitySchemes['bearer'] = { type: 'http', scheme: 'bearer' };
    return { bearer: [] };
  }

  document(): Json {
    const hasSecurity = Object.keys(this.#securitySchemes).length > 0;
    return {
      schemas: Object.fromEntries([...this.#schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      ...(hasSecurity ? { securitySchemes: this.#securitySchemes } : {}),
    };
  }
}

/** zod's patterns for dates and ids are correct and unreadable; the format means the same. */
function dropPatternOfFormat({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

function withComponentRefs(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withComponentRefs);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => {
    const isRef = key === '$ref' && typeof value === 'string';
    return [key, isRef ? value.replace('#/$defs/', '#/components/schemas/') : withComponentRefs(value)];
  });
  return Object.fromEntries(entries) as Json;
}
