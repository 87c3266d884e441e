/**
 * A queue of keys, after client-go's work queue: each key is processed by one worker at a time, however often it is added,
 * and with backoff after a failure.
 */
import { backoffMs, type Backoff } from '@order-pipeline/resilience';

/** The result of processing a key; `requeue_after`: the key is due again after the returned time. */
export type QueueResult = 'success' | 'requeue_after' | 'error';

export interface QueueObserver {
  added(depth: number): void;
  started(key: string, depth: number, waitedSeconds: number): void;
  finished(key: string, result: QueueResult, seconds: number): void;
}

interface QueueOptions {
  /** Returns after how many milliseconds the key is due again; undefined: when it is added. */
  process(key: string): Promise<number | undefined>;
  onError(key: string, error: unknown): void;
  readonly concurrency: number;
  readonly backoff: Backoff;
  readonly observer: QueueObserver;
}

export class WorkQueue {
  readonly #options: QueueOptions;
  /** By key the time at which it was added. */
  readonly #queued = new Map<string, number>();
  readonly #active = new Map<string, Promise<void>>();
  /** Keys that were added while they are processed. */
  readonly #dirty = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** The key is processed as soon as a worker is free, and again if it is being processed now. */
  add(key: string): void {
    if (this.#stopped) return;
    this.#cancelTimer(key);
    if (this.#active.has(key)) {
      this.#dirty.add(key);
      return;
    }
    if (!this.#queued.has(key)) this.#queued.set(key, performance.now());
    this.#options.observer.added(this.#queued.size);
    this.#startNext();
  }

  /** Starts no further work, and resolves when the work in flight is finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const key of this.#timers.keys()) this.#cancelTimer(key);
    this.#queued.clear();
    await Promise.all(this.#active.values());
  }

  #startNext(): void {
    while (!this.#stopped && this.#active.size < this.#options.concurrency) {
      const next = this.#queued.entries().next().value;
      if (next === undefined) return;
      const [key, addedAt] = next;
      this.#queued.delete(key);
      this.#options.observer.started(key, this.#queued.size, (performance.now() - addedAt) / 1_000);
      this.#active.set(key, this.#work(key));
    }
  }

  async #work(key: string): Promise<void> {
    const startedAt = performance.now();
    const { result, dueMs } = await this.#process(key);
    this.#options.observer.finished(key, result, (performance.now() - startedAt) / 1_000);
    this.#active.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
    else if (dueMs !== undefined && !this.#stopped) this.#schedule(key, dueMs);
    this.#startNext();
  }

  async #process(key: string): Promise<{ readonly result: QueueResult; readonly dueMs: number | undefined }> {
    const { process, onError, backoff } = this.#options;
    try {
      const dueMs = await process(key);
      this.#failures.delete(key);
      return { result: dueMs === undefined ? 'success' : 'requeue_after', dueMs };
    } catch (error) {
      const earlier = this.#failures.get(key) ?? 0;
      this.#failures.set(key, earlier + 1);
      onError(key, error);
      return { result: 'error', dueMs: backoffMs(backoff, earlier) };
    }
  }

  #schedule(key: string, dueMs: number): void {
    this.#cancelTimer(key);
    this.#timers.set(
      key,
      setTimeout(() => this.add(key), dueMs),
    );
  }

  #cancelTimer(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}
