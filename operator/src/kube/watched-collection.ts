/**
 * A collection of objects that a supervised watch keeps current. client-node's informer stops permanently at any error but
 * 410, may open a watch after it was stopped, and runs twice when it is started twice (docs/adr/0008).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs, endsWithin } from '@order-pipeline/resilience';
import type { Logger } from '@order-pipeline/runtime';
import { hasStatus, type KubeApi, type KubeObject, type WatchEvent } from './api-client.ts';
import type { KubePath } from './api-path.ts';

export interface WatchObserver {
  restarted(kind: string): void;
  /** A relist found changes that the watch had not reported. */
  missed(kind: string, changes: number): void;
}

interface WatchOptions<T> {
  readonly api: KubeApi;
  readonly kind: string;
  readonly path: KubePath;
  readonly relistSeconds: number;
  readonly logger: Logger;
  readonly observer: WatchObserver;
  onChange(key: string, object: T): void;
  /** The part of an object that is kept: there may be thousands, and most of an object is not needed. */
  keep(object: T): T;
  /** The kind may be unknown to the cluster; then the collection is empty. */
  readonly optional?: boolean;
}

const backoff = { firstMs: 500, maxMs: 10_000 };
/** A watch that the server closes sooner than this has failed, even without an error. */
const minWatchMs = 1_000;
const stopLimitMs = 1_000;

/** `namespace/name`. */
export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

export class WatchedCollection<T extends KubeObject> {
  readonly #options: WatchOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #stopping = new AbortController();
  #version: string | undefined;
  #listedAt = -Infinity;
  /** The last watch was closed without an error: until then it reported every change. */
  #watchWasComplete = false;
  #running: Promise<void> | undefined;

  constructor(options: WatchOptions<T>) {
    this.#options = options;
  }

  /** By `namespace/name`. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  /** The collection was listed at least once: an object that it does not contain does not exist. */
  isSynced(): boolean {
    return this.#listedAt > -Infinity;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#running) await endsWithin(stopLimitMs, this.#running);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      const { failed, failure, seconds } = await this.#listAndWatch();
      if (signal.aborted) return;
      if (!failed) failures = 0;
      else if (this.#options.optional === true && hasStatus(failure, 404)) {
        this.#clear();
        await this.#wait(this.#options.relistSeconds * 1_000);
      } else {
        // A watch that worked for a while does not predict the next failure.
        if (seconds * 1_000 > backoff.maxMs) failures = 0;
        await this.#recover(failure, failures++);
      }
    }
  }

  /** Lists if that is due, and watches until the watch ends. `seconds`: how long the watch was open. */
  async #listAndWatch(): Promise<{ readonly failed: boolean; readonly failure?: unknown; readonly seconds: number }> {
    const { api, path, relistSeconds } = this.#options;
    let openedAt = performance.now();
    const secondsOpen = (): number => (performance.now() - openedAt) / 1_000;
    try {
      if (this.#version === undefined || performance.now() - this.#listedAt >= relistSeconds * 1_000) {
        await this.#list();
      }
      this.#watchWasComplete = false;
      openedAt = performance.now();
      await api.watch(path, this.#version!, (event) => this.#onEvent(event), this.#stopping.signal);
      this.#watchWasComplete = performance.now() - openedAt >= minWatchMs;
      return { failed: !this.#watchWasComplete, seconds: secondsOpen() };
    } catch (failure) {
      this.#watchWasComplete = false;
      return { failed: true, failure, seconds: secondsOpen() };
    }
  }

  async #recover(failure: unknown, failures: number): Promise<void> {
    const { kind, observer, logger } = this.#options;
    if (hasStatus(failure, 410)) this.#version = undefined;
    observer.restarted(kind);
    const waitMs = backoffMs(backoff, failures);
    logger.warn({ err: failure, kind, wait_ms: Math.round(waitMs) }, 'the watch failed and is restarted');
    await this.#wait(waitMs);
  }

  async #list(): Promise<void> {
    const { api, path, kind, observer } = this.#options;
    const listing = await api.list<T>(path);
    if (this.#stopping.signal.aborted) return;
    const seen = new Set(listing.items.map(keyOf));
    let missed = 0;
    for (const object of listing.items) {
      const { resourceVersion } = object.metadata;
      const key = keyOf(object);
      if (this.#objects.get(key)?.metadata.resourceVersion === resourceVersion) continue;
      // A change after the last event of the watch is not missed but new.
      if (this.#version !== undefined && isUpTo(resourceVersion, this.#version)) missed += 1;
      this.#change(key, object, false);
    }
    for (const [key, object] of this.#objects) {
      if (seen.has(key)) continue;
      // No version says when an object was deleted; a watch that ended without an error should have reported it.
      if (this.#version !== undefined && this.#watchWasComplete) missed += 1;
      this.#change(key, object, true);
    }
    if (missed > 0) observer.missed(kind, missed);
    this.#version = listing.resourceVersion;
    this.#listedAt = performance.now();
  }

  /** The kind is unknown to the cluster, or was deleted: there are no objects. */
  #clear(): void {
    for (const [key, object] of this.#objects) this.#change(key, object, true);
    this.#version = undefined;
    this.#listedAt = performance.now();
  }

  #onEvent({ type, object }: WatchEvent): void {
    this.#version = object.metadata.resourceVersion ?? this.#version;
    if (type !== 'BOOKMARK') this.#change(keyOf(object), object as T, type === 'DELETED');
  }

  #change(key: string, whole: T, deleted: boolean): void {
    const object = this.#options.keep(whole);
    if (deleted) this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#options.onChange(key, object);
  }

  async #wait(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

/** Versions of one kind are numbers of etcd; Kubernetes 1.35 documents that they can be compared (KEP-5504). */
function isUpTo(version: string | undefined, last: string): boolean {
  return version !== undefined && /^\d+$/u.test(version) && /^\d+$/u.test(last) && BigInt(version) <= BigInt(last);
}
