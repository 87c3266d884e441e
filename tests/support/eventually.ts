import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 50;

/**
 * Tries until `attempt` no longer throws, and answers with its result; after the limit it throws what the last try threw.
 * So a condition is an `expect`, and a failure shows the difference.
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
