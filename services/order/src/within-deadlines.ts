/**
 * A write that is retried for whoever still waits for it. An answer may be lost and an item written all the same, so a
 * retry is under the same ids; but an item whose caller was told "not confirmed" is not tried once more, or even first.
 */
import { backoffMs, wait, type Backoff } from '@order-pipeline/resilience';

export interface WithDeadline {
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
}

export interface RetriedWrite<Item, Result> {
  /** Writes the items and answers one result for each, in order. */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether what `write` threw may be over at the next attempt. */
  readonly isRetryable: (error: unknown) => boolean;
  readonly backoff: Backoff;
}

/**
 * Answers one result for each item, in order; undefined for those whose deadline had passed. Throws what the last attempt
 * threw when nobody would be left at the next one.
 */
export async function writeWithinDeadlines<Item extends WithDeadline, Result>(
  items: readonly Item[],
  { write, isRetryable, backoff }: RetriedWrite<Item, Result>,
): Promise<(Result | undefined)[]> {
  for (let attempt = 0; ; attempt += 1) {
    const nowMs = performance.now();
    const awaited = items.filter(({ deadlineMs }) => deadlineMs > nowMs);
    if (awaited.length === 0) return items.map(() => undefined);
    try {
      const results = await write(awaited);
      const resultOf = new Map(awaited.map((item, index) => [item, results[index]]));
      return items.map((item) => resultOf.get(item));
    } catch (error) {
      const pauseMs = backoffMs(backoff, attempt);
      const nextMs = performance.now() + pauseMs;
      if (!isRetryable(error) || awaited.every(({ deadlineMs }) => deadlineMs <= nextMs)) throw error;
      await wait(pauseMs);
    }
  }
}
