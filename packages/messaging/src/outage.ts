/**
 * An outage is a dependency that is away: it is waited out, never counted against a message. Everything else that a
 * handler throws is the fault of one message.
 */
import { setTimeout as delay } from 'node:timers/promises';

export class OutageError extends Error {
  override readonly name = 'OutageError';
  /** A field and not a class tells outages apart, because test realms break instanceof. */
  readonly outage = true;
  readonly dependency: string;

  constructor(dependency: string, cause: unknown) {
    super(`${dependency} is away: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.dependency = dependency;
  }
}

export const isOutage = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { outage?: unknown }).outage === true;

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before retry number `attempt` (0, 1, …): exponential with equal jitter, so that replicas that failed
 * together do not come back together. Between half and the whole of min(maxMs, firstMs × 2^attempt).
 */
export function backoffMs({ firstMs, maxMs }: Backoff, attempt: number, random: () => number = Math.random): number {
  const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return ceilingMs / 2 + (ceilingMs / 2) * random();
}

/** Waits, or rejects with the signal's reason as soon as it is aborted. */
export async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.reason ?? error;
  }
}

/** Rejects with `tooLate` when the work takes longer; it goes on all the same, and may still take effect. */
export async function within<T>(limitMs: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooLate()), limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
