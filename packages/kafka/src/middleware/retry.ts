import { backoffMs, wait, type Backoff } from '@order-pipeline/resilience';
import type { Step } from '../consumer/handler.ts';

export interface RetryOptions {
  /** Of one event, the first attempt included. */
  readonly maxAttempts: number;
  readonly backoff: Backoff;
}

/**
 * Retries the step while it fails on a single event. A failure on several events passes through at once: which of them is
 * at fault is not known, so they are split before one of them is retried.
 */
export const withRetry =
  <Result>({ maxAttempts, backoff }: RetryOptions, next: Step<Result>): Step<Result> =>
  async (events, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await next(events, signal);
      } catch (error) {
        if (events.length > 1 || attempt >= maxAttempts) throw error;
        await wait(backoffMs(backoff, attempt - 1), signal);
      }
    }
  };
