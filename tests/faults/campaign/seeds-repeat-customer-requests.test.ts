import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startCustomers } from './customers.ts';
import { createHistory, type Entry, type PlaceRequest } from './history.ts';
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

/** The history of a while, in memory and as it was written. */
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
  await pause(runForMs);
  await customers.stop();
  await history.close();
  server.close();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  rmSync(dir, { recursive: true });
  return { entries: history.entries, written: lines.map((line) => JSON.parse(line) as Entry) };
}

async function wishesOf(seed: number, delayMs: (request: number) => number): Promise<PlaceRequest[]> {
  const { entries } = await historyOf(seed, delayMs);
  const first = new Map<number, PlaceRequest>();
  for (const entry of entries) {
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

const requestOf: Partial<Record<Entry['kind'], Entry['kind']>> = {
  placed: 'place',
  cancelled: 'cancel',
  read: 'look',
};

test(
  'each request is written down before its answer, and nothing is missing in the file',
  async () => {
    const { entries, written } = await historyOf(42, (request) => (request * 37) % 400);
    expect(written).toEqual(entries);
    const open = new Set<string>();
    const unasked: Entry[] = [];
    for (const entry of written) {
      if (!('call' in entry)) continue;
      const request = requestOf[entry.kind];
      if (request === undefined) open.add(`${entry.kind} ${entry.call}`);
      else if (!open.delete(`${request} ${entry.call}`)) unasked.push(entry);
    }
    expect({ unasked, unanswered: [...open] }).toEqual({ unasked: [], unanswered: [] });
    expect(new Set(written.map(({ kind }) => kind))).toEqual(
      new Set([...Object.keys(requestOf), ...Object.values(requestOf)]),
    );
  },
  limitMs,
);
