/** An open loop: work is due at a steady rate, however long earlier work takes, as customers do not wait for each other. */
import { setTimeout as pause } from 'node:timers/promises';

export interface PaceOptions {
  readonly perSecond: number;
  readonly count: number;
  /** Above it, work that is due waits, which its `dueAtMs` shows. */
  readonly maxInFlight: number;
  readonly signal: AbortSignal;
}

/** Resolves when all work that was started is done, with how much that is; `work` must not throw. */
export async function keepPace(
  { perSecond, count, maxInFlight, signal }: PaceOptions,
  work: (number: number, dueAtMs: number) => Promise<void>,
): Promise<number> {
  const inFlight = new Set<Promise<void>>();
  const startMs = performance.now();
  let number = 0;
  for (; number < count && !signal.aborted; number += 1) {
    const dueAtMs = startMs + (number * 1_000) / perSecond;
    // A loop, because a timer may fire a millisecond or two early.
    for (let earlyMs; (earlyMs = dueAtMs - performance.now()) > 0 && !signal.aborted;) {
      await pause(Math.ceil(earlyMs), undefined, { signal }).catch(() => undefined);
    }
    while (inFlight.size >= maxInFlight) await Promise.race(inFlight);
    if (signal.aborted) break;
    const doing: Promise<void> = work(number, dueAtMs).finally(() => inFlight.delete(doing));
    inFlight.add(doing);
  }
  await Promise.all(inFlight);
  return number;
}
