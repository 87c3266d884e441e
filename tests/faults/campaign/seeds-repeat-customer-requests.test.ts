import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { startCustomers } from './customers.ts';
import { createHistory, type Entry, type PlaceRequest } from './history.ts';
import { createRandom } from './random.ts';

const compared = 100;
const everyKind = 6;

/** An order service that accepts every request, the n-th after `delayMs(n)`. */
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

/** The first attempt of each order that a customer placed. */
function placedBy(entries: readonly Entry[]): PlaceRequest[] {
  const first = new Map<number, PlaceRequest>();
  for (const entry of entries) {
    if (entry.kind !== 'place' || first.has(entry.request)) continue;
    const { atMs: _atMs, call: _call, ...request } = entry;
    first.set(entry.request, request);
  }
  return [...first.values()];
}

/** A history, in memory and as it was written to the file. */
async function historyOf(seed: number, delayMs: (request: number) => number) {
  const server = await serve(delayMs);
  const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-customers-'));
  const file = join(dir, 'history.jsonl');
  const history = createHistory(file);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const customers = startCustomers({
    random: createRandom(seed),
    history,
    orderUrls: () => [url],
    ordersPerSecond: 150,
  });
  await eventually(() => {
    const { entries } = history;
    expect(placedBy(entries).length).toBeGreaterThanOrEqual(compared);
    expect(new Set(entries.map(({ kind }) => kind)).size).toBe(everyKind);
  });
  await customers.stop();
  await history.close();
  server.close();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  rmSync(dir, { recursive: true });
  return { entries: history.entries, written: lines.map((line) => JSON.parse(line) as Entry) };
}

async function requestsOf(seed: number, delayMs: (request: number) => number): Promise<PlaceRequest[]> {
  const { entries } = await historyOf(seed, delayMs);
  return placedBy(entries).slice(0, compared);
}

const limitMs = 60_000;

test(
  'the same seed makes the same requests, however long the responses take; another seed makes others',
  async () => {
    const [quick, slow, other] = await Promise.all([
      requestsOf(42, () => 0),
      requestsOf(42, (request) => (request * 37) % 400),
      requestsOf(43, () => 0),
    ]);
    expect(quick).toHaveLength(compared);
    expect(slow).toEqual(quick);
    expect(other).not.toEqual(quick);
  },
  limitMs,
);

const requestOf: Partial<Record<Entry['kind'], Entry['kind']>> = {
  placed: 'place',
  cancelled: 'cancel',
  read: 'get',
};

test(
  'each request is recorded before its response, and the file is complete',
  async () => {
    const { entries, written } = await historyOf(42, (request) => (request * 37) % 400);
    expect(written).toEqual(entries);
    const open = new Set<string>();
    const unrequested: Entry[] = [];
    for (const entry of written) {
      if (!('call' in entry)) continue;
      const request = requestOf[entry.kind];
      if (request === undefined) open.add(`${entry.kind} ${entry.call}`);
      else if (!open.delete(`${request} ${entry.call}`)) unrequested.push(entry);
    }
    expect({ unrequested, withoutResponse: [...open] }).toEqual({ unrequested: [], withoutResponse: [] });
    expect(new Set(written.map(({ kind }) => kind))).toEqual(
      new Set([...Object.keys(requestOf), ...Object.values(requestOf)]),
    );
  },
  limitMs,
);
