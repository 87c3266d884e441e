import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 50;

/**
 * Repeats `attempt` until it no longer throws, and returns its result; after the limit it throws the last error. The
 * condition is an `expect`, so a failure shows the difference.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await pause(pollMs);
  }
}
