import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { route } from './route.ts';

const described = { method: 'POST', path: '/things', operationId: 'things', summary: 'Things' } as const;
const thing = z.object({ status: z.enum(['NEW', 'OLD']), tags: z.array(z.string()) });
const responses = { 200: { description: 'A thing', schema: thing }, 204: { description: 'None' } } as const;

describe('a described route', () => {
  test('refuses a body schema that lets unknown fields through, at any depth', () => {
    const define = (body: z.ZodType) => () => route({ ...described, body, responses, handle: () => ({ status: 204 }) });
    expect(define(z.object({ a: z.string() }))).toThrow(/z\.strictObject/);
    expect(define(z.strictObject({ a: z.array(z.object({ b: z.string() })) }))).toThrow(/properties › a › items/);
    expect(define(z.strictObject({ a: z.array(z.strictObject({ b: z.string() })) }))).not.toThrow();
  });

  test('refuses a path and params that name different parameters', () => {
    const define = (path: string, params?: z.ZodObject) => () =>
      route({ ...described, path, params, responses, handle: () => ({ status: 204 }) });
    expect(define('/things/{id}')).toThrow(/\[id\]/);
    expect(define('/things/{id}', z.object({ thing_id: z.string() }))).toThrow(/thing_id/);
    expect(define('/things/{a}/{b}', z.object({ b: z.string(), a: z.string() }))).not.toThrow();
  });

  test('types the request and the response of its handler', () => {
    const params = z.object({ id: z.uuid() });
    const query = z.object({ limit: z.coerce.number().default(10) });
    const body = z.strictObject({ name: z.string() });
    const frozen: { readonly status: 'NEW' | 'OLD'; readonly tags: readonly string[] } = { status: 'NEW', tags: [] };
    route({
      ...described,
      path: '/things/{id}',
      params,
      query,
      body,
      responses,
      handle: async (request) => {
        const typed: { id: string } = request.params;
        const limit: number = request.query.limit;
        const name: string = request.body.name;
        // @ts-expect-error: this route describes no headers
        void request.headers.accept;
        if (limit > 1) return { status: 204 };
        return name === typed.id
          ? { status: 200, body: frozen }
          : { status: 200, body: { status: 'OLD', tags: [name] } };
      },
    });
    // @ts-expect-error: 201 is not described
    route({ ...described, responses, handle: () => ({ status: 201 }) });
    // @ts-expect-error: 200 has a body
    route({ ...described, responses, handle: () => ({ status: 200 }) });
    // @ts-expect-error: LOST is no status of a thing
    route({ ...described, responses, handle: () => ({ status: 200, body: { status: 'LOST', tags: [] } }) });
  });
});
