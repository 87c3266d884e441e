import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createServiceClient, type ServiceClient } from './service-client.ts';

let server: Server;
let client: ServiceClient;
const got: { method: string | undefined; headers: Record<string, unknown>; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const answer = (status: number, body: string, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end(body);
    if (request.url === '/never') return;
    if (request.url === '/problem') {
      const errors = [{ pointer: '#/items', detail: 'is required' }];
      answer(422, JSON.stringify({ title: 'Unprocessable', status: 422, detail: 'no items', errors, instance: '/x' }));
    } else if (request.url === '/full') {
      answer(503, JSON.stringify({ detail: 'too many' }), { 'Retry-After': '7' });
    } else if (request.url === '/html') answer(502, '<h1>Bad gateway</h1>');
    else answer(200, JSON.stringify({ price: 1, more: 'unknown' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = createServiceClient('order', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 300);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const priced = z.object({ price: z.number() });

test('an answer is what its schema makes of it, and only headers that have a value are sent', async () => {
  const call = {
    method: 'POST',
    body: { a: 1 },
    headers: { 'Idempotency-Key': 'k', Authorization: undefined },
  } as const;
  expect(await client('/ok', priced, call)).toEqual({ price: 1 });
  expect(got.at(-1)).toMatchObject({
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
  });
  expect(got.at(-1)!.headers).not.toHaveProperty('authorization');
});

test("a service's refusal is passed on as it was put, with its faults", async () => {
  await expect(client('/problem', priced)).rejects.toMatchObject({
    name: 'HttpProblem',
    status: 422,
    detail: 'no items',
    errors: [{ pointer: '#/items', detail: 'is required' }],
  });
  await expect(client('/full', priced)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '7' } });
});

test.each(['/never', '/html', '/ok'])('no usable answer (%s) is a 503 that names the service', async (path) => {
  const wanted = path === '/ok' ? z.object({ quantity: z.int() }) : priced;
  await expect(client(path, wanted)).rejects.toMatchObject({
    status: 503,
    detail: expect.stringContaining('The order service'),
  });
});
