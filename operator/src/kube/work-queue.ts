/** A queue of keys: each is worked on by one at a time, however often it is added, and tried again later when it fails. */
import { backoffMs, type Backoff } from '@order-pipeline/resilience';

export interface KeyedQueue {
  /** Now, or as soon as the work on it that goes on has ended. */
  add(key: string): void;
  /** Takes nothing more, and resolves when nothing is being worked on. */
  stop(): Promise<void>;
}

/** What came of the work on a key; `requeue_after`: it said when it is due again. */
export type QueueResult = 'success' | 'requeue_after' | 'error';

export interface QueueObserver {
  added(depth: number): void;
  started(key: string, depth: number, waitedSeconds: number): void;
  finished(key: string, result: QueueResult, seconds: number): void;
}

interface QueueOptions {
  /** Answers after how many milliseconds the key is due again; undefined: when it is added. */
  process(key: string): Promise<number | undefined>;
  onError(key: string, error: unknown): void;
  readonly concurrency: number;
  readonly backoff: Backoff;
  readonly observer: QueueObserver;
}

export function createKeyedQueue({ process, onError, concurrency, backoff, observer }: QueueOptions): KeyedQueue {
  const queued = new Map<string, number>();
  const active = new Map<string, Promise<void>>();
  const dirty = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const failures = new Map<string, number>();
  let stopped = false;

  function cancelTimer(key: string): void {
    clearTimeout(timers.get(key));
    timers.delete(key);
  }

  function add(key: string): void {
    if (stopped) return;
    cancelTimer(key);
    if (active.has(key)) {
      dirty.add(key);
      return;
    }
    if (!queued.has(key)) queued.set(key, performance.now());
    observer.added(queued.size);
    startNext();
  }

  function startNext(): void {
    while (!stopped && active.size < concurrency) {
      const next = queued.entries().next().value;
      if (next === undefined) return;
      const [key, addedAt] = next;
      queued.delete(key);
      observer.started(key, queued.size, (performance.now() - addedAt) / 1_000);
      active.set(key, work(key));
    }
  }

  async function work(key: string): Promise<void> {
    const begun = performance.now();
    let dueMs: number | undefined;
    let result: QueueResult = 'success';
    try {
      dueMs = await process(key);
      if (dueMs !== undefined) result = 'requeue_after';
      failures.delete(key);
    } catch (error) {
      result = 'error';
      const failed = (failures.get(key) ?? 0) + 1;
      failures.set(key, failed);
      dueMs = backoffMs(backoff, failed - 1);
      onError(key, error);
    }
    observer.finished(key, result, (performance.now() - begun) / 1_000);
    active.delete(key);
    if (dirty.delete(key)) add(key);
    else if (dueMs !== undefined && !stopped) schedule(key, dueMs);
    startNext();
  }

  function schedule(key: string, dueMs: number): void {
    cancelTimer(key);
    timers.set(
      key,
      setTimeout(() => add(key), dueMs),
    );
  }

  return {
    add,
    async stop() {
      stopped = true;
      for (const key of timers.keys()) cancelTimer(key);
      queued.clear();
      await Promise.all(active.values());
    },
  };
}
