/**
 * A collection of objects kept up to date by a watch that somebody looks after. client-node's informer ends for good on
 * any error but 410, may open a watch after it was stopped, and runs twice when started twice; hence this one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs, endsWithin } from '@order-pipeline/resilience';
import type { Logger } from '@order-pipeline/runtime';
import { hasStatus, type KubeApi, type KubeObject, type WatchEvent } from './api-client.ts';
import type { KubePath } from './api-path.ts';

export interface WatchObserver {
  restarted(kind: string): void;
  /** A relist found a change that the watch should have told and did not. */
  missed(kind: string, changes: number): void;
}

export interface WatchedCollection<T extends KubeObject> {
  /** By `namespace/name`. */
  readonly objects: ReadonlyMap<string, T>;
  /** Listed once, so that what is not there is known not to be there. */
  isSynced(): boolean;
  start(): void;
  stop(): Promise<void>;
}

interface WatchOptions<T> {
  readonly api: KubeApi;
  readonly kind: string;
  readonly path: KubePath;
  readonly relistSeconds: number;
  readonly logger: Logger;
  readonly observer: WatchObserver;
  onChange(key: string, object: T): void;
  /** What is remembered of an object; most of it is nobody's business here, and there may be thousands. */
  keep(object: T): T;
  /** The kind may be unknown to the cluster; then there are none. */
  readonly optional?: boolean;
}

const backoff = { firstMs: 500, maxMs: 10_000 };
/** A watch that the server ends sooner than this did not work, even if nobody calls it an error. */
const leastWatchMs = 1_000;

export const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

export function watchCollection<T extends KubeObject>(options: WatchOptions<T>): WatchedCollection<T> {
  const { api, kind, path, relistSeconds, logger, observer, onChange, keep, optional = false } = options;
  const objects = new Map<string, T>();
  const stopping = new AbortController();
  let version: string | undefined;
  let listedAt = -Infinity;
  /** The last watch ended in order: until then it told of everything. */
  let toldAll = false;
  let running: Promise<void> | undefined;

  function change(key: string, whole: T, gone: boolean): void {
    const object = keep(whole);
    if (gone) objects.delete(key);
    else objects.set(key, object);
    onChange(key, object);
  }

  async function list(): Promise<void> {
    const listing = await api.list<T>(path);
    if (stopping.signal.aborted) return;
    const seen = new Set(listing.items.map(keyOf));
    let missed = 0;
    for (const object of listing.items) {
      const key = keyOf(object);
      if (objects.get(key)?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      // What changed after the watch's last word is not missed but new.
      if (version !== undefined && isUpTo(object.metadata.resourceVersion, version)) missed += 1;
      change(key, object, false);
    }
    for (const [key, object] of objects) {
      if (seen.has(key)) continue;
      // No version says when something was deleted; after a watch that ended in order, it should have told.
      if (version !== undefined && toldAll) missed += 1;
      change(key, object, true);
    }
    if (missed > 0) observer.missed(kind, missed);
    version = listing.resourceVersion;
    listedAt = performance.now();
  }

  /** The kind is unknown to the cluster, or no longer known: there are none. */
  function clear(): void {
    for (const [key, object] of objects) change(key, object, true);
    version = undefined;
    listedAt = performance.now();
  }

  const onEvent = ({ type, object }: WatchEvent): void => {
    version = object.metadata.resourceVersion ?? version;
    if (type !== 'BOOKMARK') change(keyOf(object), object as T, type === 'DELETED');
  };

  async function run(): Promise<void> {
    const { signal } = stopping;
    for (let failures = 0; !signal.aborted;) {
      let begun = performance.now();
      let failure: unknown;
      try {
        if (version === undefined || performance.now() - listedAt >= relistSeconds * 1_000) await list();
        toldAll = false;
        begun = performance.now();
        await api.watch(path, version!, onEvent, signal);
        if (performance.now() - begun >= leastWatchMs) {
          toldAll = true;
          failures = 0;
          continue;
        }
      } catch (error) {
        toldAll = false;
        failure = error;
      }
      if (signal.aborted) return;
      if (optional && hasStatus(failure, 404)) {
        clear();
        await rest(relistSeconds * 1_000, signal);
        continue;
      }
      if (hasStatus(failure, 410)) version = undefined;
      // One that worked for a while and broke off is no sign of trouble ahead.
      if (performance.now() - begun > backoff.maxMs) failures = 0;
      observer.restarted(kind);
      const waitMs = backoffMs(backoff, failures++);
      logger.warn({ err: failure, kind, wait_ms: Math.round(waitMs) }, 'a watch broke off and starts again');
      await rest(waitMs, signal);
    }
  }

  return {
    objects,
    isSynced: () => listedAt > -Infinity,
    start: () => void (running ??= run()),
    async stop() {
      stopping.abort();
      if (running) await endsWithin(1_000, running);
    },
  };
}

/** Versions of one kind are counted by etcd, and comparable since Kubernetes 1.35 says so (KEP-5504). */
const isUpTo = (one: string | undefined, other: string): boolean =>
  one !== undefined && /^\d+$/u.test(one) && /^\d+$/u.test(other) && BigInt(one) <= BigInt(other);

const rest = (ms: number, signal: AbortSignal): Promise<unknown> =>
  pause(ms, undefined, { signal }).catch(() => undefined);
