import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startCustomers } from './customers.ts';
import { createHistory, type PlaceRequest } from './history.ts';
import { createRandom } from './random.ts';

const runForMs = 1_500;
const compared = 100;

/** An order service that accepts everything, the n-th request after `delayMs(n)`. */
async function serve(delayMs: (request: number) => number): Promise<Server> {
  let requests = 0;
  const server = createServer((request, response) => {
    const number = (requests += 1);
    request.resume();
    setTimeout(() => {
      response.writeHead(request.url === '/orders' ? 201 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ order_id: `order-${number}`, status: 'PENDING' }));
    }, delayMs(number));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function wishesOf(seed: number, delayMs: (request: number) => number): Promise<PlaceRequest[]> {
  const server = await serve(delayMs);
  const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-customers-'));
  const history = createHistory(join(dir, 'history.jsonl'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const customers = startCustomers({
    random: createRandom(seed),
    history,
    orderUrls: () => [url],
    ordersPerSecond: 150,
  });
  await pause(runForMs);
  await customers.stop();
  await history.close();
  server.close();
  rmSync(dir, { recursive: true });
  const first = new Map<number, PlaceRequest>();
  for (const entry of history.entries) {
    if (entry.kind !== 'place' || first.has(entry.wish)) continue;
    const { atMs: _atMs, call: _call, ...wish } = entry;
    first.set(entry.wish, wish);
  }
  return [...first.values()].slice(0, compared);
}

const limitMs = 60_000;

test(
  'the same seed makes the same wishes, however long the answers take; another seed makes others',
  async () => {
    const [quick, slow, other] = await Promise.all([
      wishesOf(42, () => 0),
      wishesOf(42, (request) => (request * 37) % 400),
      wishesOf(43, () => 0),
    ]);
    expect(quick.length).toBeGreaterThan(50);
    const common = Math.min(quick.length, slow.length, other.length);
    expect(slow.slice(0, common)).toEqual(quick.slice(0, common));
    expect(other.slice(0, common)).not.toEqual(quick.slice(0, common));
  },
  limitMs,
);
