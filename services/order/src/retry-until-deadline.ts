/**
 * A batch write that is retried while one of its items has time left. A response may be lost although an item was
 * written, so a retry uses the same ids; an item whose caller has already been answered "not confirmed" is left out.
 */
import { backoffMs, isOutage, wait, type Backoff } from '@order-pipeline/resilience';

export interface WithDeadline {
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
}

/** Writes the items and returns one result for each, in order. */
export type BatchWrite<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>;

/**
 * Retries the write through outages. Returns one result for each item, in order; undefined for those whose deadline had
 * passed. Throws the error of the last attempt when every deadline passes before the next one.
 */
export async function retryUntilDeadline<Item extends WithDeadline, Result>(
  items: readonly Item[],
  write: BatchWrite<Item, Result>,
  backoff: Backoff,
): Promise<(Result | undefined)[]> {
  for (let attempt = 0; ; attempt += 1) {
    const nowMs = performance.now();
    const waiting = items.filter(({ deadlineMs }) => deadlineMs > nowMs);
    if (waiting.length === 0) return items.map(() => undefined);
    try {
      const results = await write(waiting);
      const resultOf = new Map(waiting.map((item, index) => [item, results[index]]));
      return items.map((item) => resultOf.get(item));
    } catch (error) {
      const pauseMs = backoffMs(backoff, attempt);
      const nextMs = performance.now() + pauseMs;
      if (!isOutage(error) || waiting.every(({ deadlineMs }) => deadlineMs <= nextMs)) throw error;
      await wait(pauseMs);
    }
  }
}
