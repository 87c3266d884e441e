import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createServiceClient, type ServiceClient } from './service-client.ts';

let server: Server;
let client: ServiceClient;
const requests: { method: string | undefined; headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await text(request);
    requests.push({ method: request.method, headers: request.headers, body });
    const respond = (status: number, body: string, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end(body);
    if (request.url === '/never') return;
    if (request.url === '/problem') {
      const errors = [{ pointer: '#/items', detail: 'is required' }];
      respond(422, JSON.stringify({ title: 'Unprocessable', status: 422, detail: 'no items', errors, instance: '/x' }));
    } else if (request.url === '/full') {
      respond(503, JSON.stringify({ detail: 'too many' }), { 'Retry-After': '7' });
    } else if (request.url === '/html') respond(502, '<h1>Bad gateway</h1>');
    else respond(200, JSON.stringify({ price: 1, more: 'unknown' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = createServiceClient('order', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 300);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const priced = z.object({ price: z.number() });

test('returns the body as the schema reads it, and sends only headers that have a value', async () => {
  const call = {
    method: 'POST',
    body: { a: 1 },
    headers: { 'Idempotency-Key': 'k', Authorization: undefined },
  } as const;
  expect(await client('/ok', priced, call)).toEqual({ price: 1 });
  expect(requests.at(-1)).toMatchObject({
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
  });
  expect(requests.at(-1)!.headers).not.toHaveProperty('authorization');
});

test("passes on the service's problem document with its errors", async () => {
  await expect(client('/problem', priced)).rejects.toMatchObject({
    name: 'HttpProblem',
    status: 422,
    detail: 'no items',
    errors: [{ pointer: '#/items', detail: 'is required' }],
  });
  await expect(client('/full', priced)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '7' } });
});

test.each(['/never', '/html', '/ok'])(
  'responds 503 and names the service when %s gives no valid response',
  async (path) => {
    const schema = path === '/ok' ? z.object({ quantity: z.int() }) : priced;
    await expect(client(path, schema)).rejects.toMatchObject({
      status: 503,
      detail: expect.stringContaining('order service'),
    });
  },
);
