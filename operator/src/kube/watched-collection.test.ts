import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { KubeError, type KubeApi, type KubeObject, type WatchEvent } from './api-client.ts';
import { collectionPath } from './api-path.ts';
import { watchCollection } from './watched-collection.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const object = (name: string, resourceVersion: string): KubeObject => ({
  metadata: { namespace: 'shop', name, resourceVersion },
});

/** The two questions that a watch asks, answered one after another by what a test lays down. */
function script(
  lists: (() => { items: KubeObject[]; resourceVersion: string })[],
  watches: ((onEvent: (event: WatchEvent) => void, from: string) => Promise<void>)[],
) {
  const asked: string[] = [];
  const api = {
    async list() {
      asked.push('list');
      return (lists.length > 1 ? lists.shift()! : lists[0]!)();
    },
    async watch(_: string, from: string, onEvent: (event: WatchEvent) => void, stop: AbortSignal) {
      asked.push(`watch from ${from}`);
      const next = watches.shift();
      if (next !== undefined) return next(onEvent, from);
      await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
    },
  } as unknown as KubeApi;
  return { api, asked };
}

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => void (await Promise.all(running.splice(0).map((one) => one.stop()))));

function collect(api: KubeApi, options: { relistSeconds?: number; optional?: boolean } = {}) {
  const changes: string[] = [];
  const seen = { restarts: 0, missed: 0 };
  const collection = watchCollection({
    api,
    kind: 'Thing',
    path: collectionPath({ groupVersion: 'v1', resource: 'things' }),
    relistSeconds: 300,
    logger,
    observer: { restarted: () => (seen.restarts += 1), missed: (_, count) => (seen.missed += count) },
    keep: (whole) => whole,
    onChange: (key) => changes.push(`${key} ${collection.objects.has(key) ? 'is' : 'is gone'}`),
    ...options,
  });
  running.push(collection);
  collection.start();
  return { collection, changes, seen };
}

test('it goes on after any error, from the last version that it knows', async () => {
  const { api, asked } = script(
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
  await untilTrue(() => asked.length === 4);
  expect(asked).toEqual(['list', 'watch from 1', 'watch from 5', 'watch from 6']);
  expect(changes).toEqual(['shop/a is', 'shop/a is', 'shop/a is gone']);
  expect(seen).toEqual({ restarts: 2, missed: 0 });
});

test('a version that is too old leads to a new list, which finds what changed and what is gone', async () => {
  const { api, asked } = script(
    [
      () => ({ items: [object('a', '1'), object('b', '1')], resourceVersion: '1' }),
      () => ({ items: [object('b', '8')], resourceVersion: '9' }),
    ],
    [() => Promise.reject(new KubeError(410, 'too old'))],
  );
  const { changes } = collect(api);
  await untilTrue(() => asked.length === 4);
  expect(asked).toEqual(['list', 'watch from 1', 'list', 'watch from 9']);
  expect(changes.slice(2).toSorted()).toEqual(['shop/a is gone', 'shop/b is']);
});

test('a relist counts what the watch should have told, and not what is newer than its last word', async () => {
  const { api, asked } = script(
    [
      () => ({ items: [object('a', '1'), object('b', '1')], resourceVersion: '1' }),
      () => ({ items: [object('a', '4'), object('b', '20')], resourceVersion: '20' }),
    ],
    [async (onEvent) => onEvent({ type: 'BOOKMARK', object: object('', '10') })],
  );
  const { seen } = collect(api, { relistSeconds: 0 });
  await untilTrue(() => asked.length === 4);
  expect(seen.missed).toBe(1);
});

test('a relist counts what was deleted and not told, after a watch that seemed to work', async () => {
  const { api, asked } = script(
    [
      () => ({ items: [object('a', '1'), object('b', '1')], resourceVersion: '1' }),
      () => ({ items: [object('a', '1')], resourceVersion: '9' }),
    ],
    [() => new Promise((end) => setTimeout(end, 1_050))],
  );
  const { changes, seen } = collect(api, { relistSeconds: 0 });
  await untilTrue(() => asked.length === 4);
  expect(changes.at(-1)).toBe('shop/b is gone');
  expect(seen).toEqual({ restarts: 0, missed: 1 });
});

test('a watch that ends at once, and without an error, is opened again ever more slowly', async () => {
  const ended = async () => {};
  const { api, asked } = script(
    [() => ({ items: [], resourceVersion: '1' })],
    Array.from({ length: 1_000 }, () => ended),
  );
  const { seen } = collect(api);
  await new Promise((next) => setTimeout(next, 1_200));
  // After half a second at the most, and then one: two or three times, and not a thousand.
  expect(asked.length).toBeLessThanOrEqual(1 + 4);
  expect(seen.restarts).toBeGreaterThanOrEqual(1);
});

test('the objects of a kind that is taken away are gone', async () => {
  const { api } = script(
    [() => ({ items: [object('a', '1')], resourceVersion: '1' })],
    [() => Promise.reject(new KubeError(404, 'no such kind'))],
  );
  const { collection, changes } = collect(api, { optional: true });
  await untilTrue(() => changes.length === 2);
  expect(changes).toEqual(['shop/a is', 'shop/a is gone']);
  expect(collection.isSynced()).toBe(true);
});

test('a kind that the cluster does not know has no objects, where that is allowed', async () => {
  const unknown = script([], []).api;
  Object.assign(unknown, { list: () => Promise.reject(new KubeError(404, 'no such kind')) });
  const { collection, seen } = collect(unknown, { optional: true });
  await untilTrue(() => collection.isSynced());
  expect([collection.objects.size, seen.restarts]).toEqual([0, 0]);
});

test('started twice it runs once, and stopped while it waits it opens no watch any more', async () => {
  const { api, asked } = script(
    [() => ({ items: [], resourceVersion: '1' })],
    [() => Promise.reject(new Error('refused'))],
  );
  const { collection, seen } = collect(api);
  collection.start();
  await untilTrue(() => seen.restarts === 1);
  await collection.stop();
  expect(asked).toEqual(['list', 'watch from 1']);
});

async function untilTrue(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + 4_000; !condition();) {
    if (performance.now() > until) throw new Error('it did not come true in 4 s');
    await new Promise((next) => setTimeout(next, 5));
  }
}
