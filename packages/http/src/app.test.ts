import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { OutageError } from '@order-pipeline/resilience';
import { createApp } from './app.ts';
import { startHttp, type HttpServer } from './http-server.ts';
import { createLogger, createMetrics, Health } from '@order-pipeline/runtime';
import { conflict, notFound } from './problem.ts';
import { route } from './route.ts';

const item = z.strictObject({ sku: z.string().min(1), quantity: z.int().min(1) }).meta({ id: 'Item' });
const basket = z.strictObject({ customer: z.string().min(1), items: z.array(item).min(1) }).meta({ id: 'Basket' });
const stored = z.object({ id: z.string(), customer: z.string() });
const noBody = { 200: { description: 'Done' } } as const;

let gate = Promise.withResolvers<void>();
const failures: Record<string, () => unknown> = {
  unknown: () => new Error('password=hunter2'),
  outage: () => new OutageError('mongodb', 'no primary'),
  missing: () => notFound('There is no such basket'),
  conflict: () => conflict('It changed', { version: 3 }),
  string: () => 'no Error object',
  aborted: () =>
    Object.assign(new OutageError('client', 'request aborted'), { status: 400, expose: true, code: 'ECONNABORTED' }),
};

const routes = [
  route({
    method: 'POST',
    path: '/baskets',
    operationId: 'postBasket',
    summary: 'Store a basket',
    headers: z.object({ 'idempotency-key': z.string().max(5).optional() }),
    body: basket,
    responses: { 201: { description: 'Stored', schema: stored, headers: { Location: 'The basket' } } },
    handle: ({ body, headers }) => ({
      status: 201,
      body: { id: headers['idempotency-key'] ?? 'b-1', customer: body.customer },
      headers: { Location: '/baskets/b-1' },
    }),
  }),
  route({
    method: 'GET',
    path: '/baskets/{id}',
    operationId: 'getBasket',
    summary: 'One basket',
    params: z.object({ id: z.uuid() }),
    query: z.object({ limit: z.coerce.number().int().max(100).default(10), wait: z.enum(['NEW', 'OLD']).optional() }),
    responses: { 200: { description: 'It', schema: z.object({ id: z.string(), limit: z.number() }) } },
    handle: ({ params, query }) => ({ status: 200, body: { id: params.id, limit: query.limit } }),
  }),
  route({
    method: 'GET',
    path: '/orders/{order_id}',
    operationId: 'getOrder',
    summary: 'Fail for an order',
    params: z.object({ order_id: z.string() }),
    responses: noBody,
    handle: () => {
      throw new Error('this order has no lines');
    },
  }),
  route({
    method: 'GET',
    path: '/fail/{how}',
    operationId: 'fail',
    summary: 'Fail',
    params: z.object({ how: z.string() }),
    responses: { ...noBody, 503: { description: 'Unavailable', headers: { 'Retry-After': 'Seconds' } } },
    handle({ params }) {
      throw failures[params.how]?.();
    },
  }),
  route({
    method: 'GET',
    path: '/unserializable',
    operationId: 'unserializable',
    summary: 'Return what JSON cannot hold',
    responses: { 200: { description: 'Never', schema: z.object({ n: z.bigint() }) } },
    handle: () => ({ status: 200, body: { n: 1n } }),
  }),
  route({
    method: 'DELETE',
    path: '/nothing',
    operationId: 'nothing',
    summary: '-',
    responses: noBody,
    handle: () => ({ status: 200 }),
  }),
  route({
    method: 'GET',
    path: '/stream',
    operationId: 'stream',
    summary: 'Events',
    responses: { 200: { description: 'A stream', contentType: 'text/event-stream' } },
    handle: () => ({
      status: 200,
      body: Readable.from(['data: 1\n\n']),
      headers: { 'Content-Type': 'text/event-stream' },
    }),
  }),
  route({
    method: 'GET',
    path: '/gate',
    operationId: 'gate',
    summary: 'Wait',
    responses: noBody,
    handle: async () => {
      await gate.promise;
      return { status: 200 };
    },
  }),
];

const logged: Record<string, unknown>[] = [];
const health = new Health();
let server: HttpServer;
beforeAll(async () => {
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const app = createApp({
    service: 'basket',
    instance: 'basket-1',
    routes,
    health,
    metrics: createMetrics('basket'),
    logger: createLogger({ service: 'basket', destination }),
    bodyLimitBytes: 1024,
    maxInFlight: 2,
  });
  server = await startHttp(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => server.stop());

const ask = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init);
const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  ask('/baskets', { method: 'POST', body, headers });
const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = (await response.json()) as { status: number; errors?: { pointer?: string; parameter?: string }[] };
  expect(problem).toMatchObject({ type: 'about:blank', title: expect.any(String), status: response.status });
  return { ...problem, named: new Set((problem.errors ?? []).map(({ pointer, parameter }) => pointer ?? parameter)) };
};
const good = '{"customer":"c","items":[{"sku":"P1","quantity":1}]}';

describe('a valid request', () => {
  test('gets the described status, headers and body', async () => {
    const response = await post(good);
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/baskets/b-1');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ id: 'b-1', customer: 'c' });
  });

  test('has its parameters converted, and their defaults', async () => {
    const id = crypto.randomUUID();
    expect(await (await ask(`/baskets/${id}?limit=5`)).json()).toEqual({ id, limit: 5 });
    expect(await (await ask(`/baskets/${id}`)).json()).toEqual({ id, limit: 10 });
  });

  test.each(['application/json;charset=UTF-8', 'Application/JSON; charset="utf-8"'])(
    'may have the content type %s',
    async (type) => {
      expect((await post(good, { 'content-type': type })).status).toBe(201);
    },
  );

  test('by HEAD gets the response of GET, without the body', async () => {
    const path = `/baskets/${crypto.randomUUID()}`;
    const response = await ask(path, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String((await (await ask(path)).text()).length));
    expect(await response.text()).toBe('');
  });

  test('may get a response without a body, or a stream', async () => {
    const empty = await ask('/nothing', { method: 'DELETE' });
    expect([empty.status, await empty.text()]).toEqual([200, '']);
    const stream = await ask('/stream');
    expect([stream.headers.get('content-type'), await stream.text()]).toEqual(['text/event-stream', 'data: 1\n\n']);
  });

  test('gets security headers for an API', async () => {
    const { headers } = await post(good);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('an invalid request', () => {
  test('gets one 422 that names every invalid field of path, query, headers and body', async () => {
    const bodyFaults = await problemOf(await post('{"items":[{"sku":"","quantity":1.5,"x":1}],"y":2}'));
    expect(bodyFaults).toMatchObject({ status: 422, instance: '/baskets' });
    expect(bodyFaults.named).toEqual(
      new Set(['#/customer', '#/items/0/quantity', '#/items/0/sku', '#/items/0/x', '#/y']),
    );
    const urlFaults = await problemOf(await ask('/baskets/no-id?limit=1000&wait=never&more=1'));
    expect(urlFaults.named).toEqual(new Set(['id', 'limit', 'more', 'wait']));
    const both = await problemOf(
      await post('[]', { 'content-type': 'application/json', 'idempotency-key': 'too long' }),
    );
    expect(both.named).toEqual(new Set(['#', 'idempotency-key']));
  });

  test('gets no value repeated', async () => {
    expect(JSON.stringify(await problemOf(await post('{"customer":42,"items":"hunter2"}')))).not.toContain('hunter2');
  });

  test.each([
    ['no JSON', '{"customer":'],
    ['no body', ''],
    ['only space', '  '],
    ['an array', `[${good}]`],
    ['a string', '"basket"'],
    ['null', 'null'],
    ['operators in strings', '{"customer":{"$gt":""},"items":[{"sku":{"$ne":1},"quantity":1}]}'],
    ['a prototype', '{"__proto__":{"customer":"c"},"items":[{"sku":"P1","quantity":1}]}'],
    ['a constructor', '{"constructor":{"prototype":{"a":1}},"customer":"c","items":[{"sku":"P1","quantity":1}]}'],
    ['deep nesting', `{"customer":"c","items":${'['.repeat(450)}${']'.repeat(450)}}`],
    ['a key that is half a character', '{"customer":"c","items":[{"sku":"P1","quantity":1}],"\\ud800":1}'],
    ['a huge number', '{"customer":"c","items":[{"sku":"P1","quantity":1e400}]}'],
  ])('with %s as its body is a 422', async (_what, body) => {
    const { status, named } = await problemOf(await post(body));
    expect(status).toBe(422);
    expect(named.size).toBeGreaterThan(0);
  });

  test('gets pointers with field names escaped as RFC 6901 says', async () => {
    const { named } = await problemOf(await post('{"customer":"c","items":[{"sku":"P1","quantity":1}],"a/b~c d":1}'));
    expect(named).toEqual(new Set(['#/a~1b~0c%20d']));
  });

  test('with a parameter given twice, or named like a prototype member, is a 422 that names it', async () => {
    const path = `/baskets/${crypto.randomUUID()}`;
    expect((await problemOf(await ask(`${path}?limit=1&limit=2`))).named).toEqual(new Set(['limit']));
    expect((await problemOf(await ask(`${path}?__proto__=1&constructor=2`))).named).toEqual(
      new Set(['__proto__', 'constructor']),
    );
    expect((await problemOf(await ask('/gate?x=1'))).named).toEqual(new Set(['x']));
  });

  test.each([{}, { 'content-type': 'text/plain' }, { 'content-type': 'application/json; charset=latin1' }])(
    'with %j is a 415',
    async (headers) => {
      const body = new Blob([good]);
      const response = await ask('/baskets', { method: 'POST', body, headers: headers as Record<string, string> });
      expect((await problemOf(response)).status).toBe(415);
    },
  );

  test('that is compressed is a 415', async () => {
    const response = await post(good, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    expect((await problemOf(response)).status).toBe(415);
    expect(response.headers.get('accept-encoding')).toBe('identity');
  });

  test('over the limit is a 413, with or without Content-Length', async () => {
    const large = JSON.stringify({ customer: 'c'.repeat(2000), items: [] });
    expect(await problemOf(await post(large))).toMatchObject({ status: 413, limit_bytes: 1024 });
    const body = new Blob([large]).stream();
    const headers = { 'content-type': 'application/json' };
    const withoutLength = await ask('/baskets', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
    expect((await problemOf(withoutLength)).status).toBe(413);
  });

  test('to an unknown path is a 404, with an unknown method a 405 with Allow', async () => {
    expect((await problemOf(await ask('/nowhere'))).status).toBe(404);
    expect((await problemOf(await ask('/Baskets', { method: 'POST' }))).status).toBe(404);
    const response = await ask('/baskets', { method: 'PUT' });
    expect((await problemOf(response)).status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    const options = await ask('/stream', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'HEAD, GET']);
  });

  test('to a malformed path is a 422', async () => {
    expect((await problemOf(await ask('/baskets/%ff%00'))).status).toBe(422);
  });
});

describe('an error', () => {
  test('that is unexpected is a 500 without details, and is logged once with its trace id', async () => {
    logged.length = 0;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const response = await ask('/fail/unknown', { headers: { traceparent } });
    const problem = await problemOf(response);
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({
      level: 'error',
      route: '/fail/{how}',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      err: { message: 'password=hunter2' },
    });
  });

  test('is logged with the order that the request names', async () => {
    logged.length = 0;
    expect((await problemOf(await ask('/orders/o-1'))).status).toBe(500);
    expect(logged).toMatchObject([{ route: '/orders/{order_id}', order_id: 'o-1' }]);
  });

  test('that is no Error object, or a body that cannot be serialized, is a 500 as well', async () => {
    expect((await problemOf(await ask('/fail/string'))).status).toBe(500);
    expect((await problemOf(await ask('/unserializable'))).status).toBe(500);
  });

  test('caused by an outage is a 503 with Retry-After, logged once a second', async () => {
    logged.length = 0;
    for (let i = 0; i < 20; i += 1) {
      const response = await ask('/fail/outage');
      expect((await problemOf(response)).status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(logged.length).toBeLessThan(5);
  });

  test('caused by a client that aborts its upload is no outage, although it has the error code of one', async () => {
    logged.length = 0;
    expect((await problemOf(await ask('/fail/aborted'))).status).toBe(400);
    expect(logged).toEqual([]);
  });

  test('that is a problem is the response, with its extra members, and is not logged', async () => {
    logged.length = 0;
    expect(await problemOf(await ask('/fail/missing'))).toMatchObject({
      status: 404,
      detail: 'There is no such basket',
    });
    expect(await problemOf(await ask('/fail/conflict'))).toMatchObject({
      status: 409,
      version: 3,
      instance: '/fail/conflict',
    });
    expect(logged).toEqual([]);
  });
});

test('above the limit of concurrent requests the response is 503, and probes are still served', async () => {
  gate = Promise.withResolvers();
  const waiting = [ask('/gate'), ask('/gate')];
  // Both have arrived when a third is refused.
  let refused: Response;
  do refused = await ask('/fail/missing');
  while (refused.status !== 503);
  expect((await problemOf(refused)).status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await ask('/livez')).status).toBe(200);
  gate.resolve();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await ask('/fail/missing')).status).toBe(404);
});

describe('every service', () => {
  test('measures durations by route pattern and status, never by raw path', async () => {
    await ask('/baskets/some-raw-path');
    await ask('/some-raw-path');
    const response = await ask('/metrics?from=prometheus');
    const counts = (await response.text())
      .split('\n')
      .filter((line) => line.startsWith('http_request_duration_seconds_count'));
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const labels = new Set(counts.map((line) => /route="([^"]*)",status="(\d+)"/.exec(line)?.slice(1).join(' ')));
    expect(labels).toContain('/baskets/{id} 422');
    expect(labels).toContain('unmatched 404');
    expect(labels).toContain('/baskets 415');
    expect(counts.join()).not.toContain('some-raw-path');
    expect(counts.every((line) => line.includes('service="basket"'))).toBe(true);
  });

  test('reports its health and its instance, and has its checks in the metrics', async () => {
    health.register('kafka', () => ({ status: 'degraded', detail: 'no leader for 3 s' }));
    const body = await (await ask('/health')).json();
    expect(body).toMatchObject({
      status: 'healthy',
      service: 'basket',
      instance: 'basket-1',
      uptime_seconds: expect.any(Number),
    });
    expect(body).toMatchObject({ checks: { kafka: { status: 'degraded', detail: 'no leader for 3 s' } } });
    expect(await (await ask('/metrics')).text()).toMatch(/health_check_status\{check="kafka",status="degraded".*\} 1/);
  });

  test('describes every route in OpenAPI, with references that resolve', async () => {
    const document = (await (await ask('/openapi.json')).json()) as Record<string, any>;
    expect(document['openapi']).toBe('3.1.0');
    expect(Object.keys(document['paths'])).toEqual(
      expect.arrayContaining(['/baskets/{id}', '/livez', '/openapi.json']),
    );
    const operation = document['paths']['/baskets'].post;
    expect(operation.requestBody.content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Basket' });
    expect(Object.keys(operation.responses)).toEqual(['201', '413', '415', '422', 'default']);
    expect(document['paths']['/fail/{how}'].get.responses['503'].headers).toHaveProperty('Retry-After');
    for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      expect(pointer?.split('/').reduce((node, key) => node?.[key], document)).toBeDefined();
    }
  });
});
