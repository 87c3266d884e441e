import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { KubeError, type KubeApi, type KubeObject, type WatchEvent } from './api-client.ts';
import { collectionPath } from './api-path.ts';
import { WatchedCollection } from './watched-collection.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const object = (name: string, resourceVersion: string): KubeObject => ({
  metadata: { namespace: 'shop', name, resourceVersion },
});

/** An API whose lists and watches have the results that a test prescribes. */
function apiWith(
  lists: (() => { items: KubeObject[]; resourceVersion: string })[],
  watches: ((onEvent: (event: WatchEvent) => void, from: string) => Promise<void>)[],
) {
  const requests: string[] = [];
  const api = {
    async list() {
      requests.push('list');
      return (lists.length > 1 ? lists.shift()! : lists[0]!)();
    },
    async watch(_: string, from: string, onEvent: (event: WatchEvent) => void, stop: AbortSignal) {
      requests.push(`watch from ${from}`);
      const next = watches.shift();
      if (next !== undefined) return next(onEvent, from);
      await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
    },
  } as unknown as KubeApi;
  return { api, requests };
}

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => void (await Promise.all(running.splice(0).map((one) => one.stop()))));

function collect(api: KubeApi, options: { relistSeconds?: number; optional?: boolean } = {}) {
  const changes: string[] = [];
  const seen = { restarts: 0, missed: 0 };
  const collection: WatchedCollection<KubeObject> = new WatchedCollection<KubeObject>({
    api,
    kind: 'Thing',
    path: collectionPath({ groupVersion: 'v1', resource: 'things' }),
    relistSeconds: 300,
    logger,
    observer: { restarted: () => (seen.restarts += 1), missed: (_, count) => (seen.missed += count) },
    keep: (whole) => whole,
    onChange: (key) => changes.push(`${key} ${collection.objects.has(key) ? 'exists' : 'is deleted'}`),
    ...options,
  });
  running.push(collection);
  collection.start();
  return { collection, changes, seen };
}

test('resumes after any error, from the last version', async () => {
  const { api, requests } = apiWith(
    [() => ({ items: [object('a', '1')], resourceVersion: '1' })],
    [
      async (onEvent) => {
        onEvent({ type: 'MODIFIED', object: object('a', '5') });
        throw new Error('reset by peer');
      },
      async (onEvent) => onEvent({ type: 'DELETED', object: object('a', '6') }),
    ],
  );
  const { changes, seen } = collect(api);
  await untilTrue(() => requests.length === 4);
  expect(requests).toEqual(['list', 'watch from 1', 'watch from 5', 'watch from 6']);
  expect(changes).toEqual(['shop/a exists', 'shop/a exists', 'shop/a is deleted']);
  expect(seen).toEqual({ restarts: 2, missed: 0 });
});

test('lists again when the version has expired, and finds changes and deletions', async () => {
  const { api, requests } = apiWith(
    [
      () => ({ items: [object('a', '1'), object('b', '1')], resourceVersion: '1' }),
      () => ({ items: [object('b', '8')], resourceVersion: '9' }),
    ],
    [() => Promise.reject(new KubeError(410, 'too old'))],
  );
  const { changes } = collect(api);
  await untilTrue(() => requests.length === 4);
  expect(requests).toEqual(['list', 'watch from 1', 'list', 'watch from 9']);
  expect(changes.slice(2).toSorted()).toEqual(['shop/a is deleted', 'shop/b exists']);
});

test('counts changes that the watch missed, and not those after its last event', async () => {
  const { api, requests } = apiWith(
    [
      () => ({ items: [object('a', '1'), object('b', '1')], resourceVersion: '1' }),
      () => ({ items: [object('a', '4'), object('b', '20')], resourceVersion: '20' }),
    ],
    [async (onEvent) => onEvent({ type: 'BOOKMARK', object: object('', '10') })],
  );
  const { seen } = collect(api, { relistSeconds: 0 });
  await untilTrue(() => requests.length === 4);
  expect(seen.missed).toBe(1);
});

test('counts deletions that a watch missed although it ended without an error', async () => {
  const { api, requests } = apiWith(
    [
      () => ({ items: [object('a', '1'), object('b', '1')], resourceVersion: '1' }),
      () => ({ items: [object('a', '1')], resourceVersion: '9' }),
    ],
    [() => new Promise((end) => setTimeout(end, 1_050))],
  );
  const { changes, seen } = collect(api, { relistSeconds: 0 });
  await untilTrue(() => requests.length === 4);
  expect(changes.at(-1)).toBe('shop/b is deleted');
  expect(seen).toEqual({ restarts: 0, missed: 1 });
});

test('backs off when a watch ends at once, even without an error', async () => {
  const ended = async () => {};
  const { api, requests } = apiWith(
    [() => ({ items: [], resourceVersion: '1' })],
    Array.from({ length: 1_000 }, () => ended),
  );
  const { seen } = collect(api);
  await new Promise((next) => setTimeout(next, 1_200));
  // After half a second at most, and then a second: two or three times, not a thousand.
  expect(requests.length).toBeLessThanOrEqual(1 + 4);
  expect(seen.restarts).toBeGreaterThanOrEqual(1);
});

test('is empty once the kind was deleted', async () => {
  const { api } = apiWith(
    [() => ({ items: [object('a', '1')], resourceVersion: '1' })],
    [() => Promise.reject(new KubeError(404, 'no such kind'))],
  );
  const { collection, changes } = collect(api, { optional: true });
  await untilTrue(() => changes.length === 2);
  expect(changes).toEqual(['shop/a exists', 'shop/a is deleted']);
  expect(collection.isSynced()).toBe(true);
});

test('is empty if an optional kind is unknown to the cluster', async () => {
  const unknown = apiWith([], []).api;
  Object.assign(unknown, { list: () => Promise.reject(new KubeError(404, 'no such kind')) });
  const { collection, seen } = collect(unknown, { optional: true });
  await untilTrue(() => collection.isSynced());
  expect([collection.objects.size, seen.restarts]).toEqual([0, 0]);
});

test('runs once if it is started twice, and opens no watch after a stop', async () => {
  const { api, requests } = apiWith(
    [() => ({ items: [], resourceVersion: '1' })],
    [() => Promise.reject(new Error('refused'))],
  );
  const { collection, seen } = collect(api);
  collection.start();
  await untilTrue(() => seen.restarts === 1);
  await collection.stop();
  expect(requests).toEqual(['list', 'watch from 1']);
});

async function untilTrue(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + 4_000; !condition();) {
    if (performance.now() > until) throw new Error('the condition was not true within 4 s');
    await new Promise((next) => setTimeout(next, 5));
  }
}
