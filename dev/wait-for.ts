import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** The subject of "… is not ready". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly pollMs?: number;
  /** Called before each attempt; a string ends the wait at once with that reason. */
  readonly giveUp?: () => string | undefined;
}

/** The message names what is not ready, and why, so a person needs no stack. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

export const isNotReadyError = (error: unknown): error is NotReadyError =>
  (error as Error | null)?.name === 'NotReadyError';

/**
 * Repeats `attempt` until it returns something other than undefined; a throw counts as "not yet". The error after the
 * time-out contains the last reason, because "timed out" alone does not help.
 */
export async function waitFor<T>(attempt: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let lastReason = 'there was no response';
  for (;;) {
    const reason = options.giveUp?.();
    if (reason !== undefined) throw new NotReadyError(`${options.what} is not ready: ${reason}`);
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      lastReason = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() >= deadline) {
      throw new NotReadyError(`${options.what} is not ready after ${options.timeoutMs / 1000} s: ${lastReason}`);
    }
    await pause(options.pollMs ?? 50);
  }
}
