import type { Histogram } from 'prom-client';

/** Observes how long each call takes, whether it succeeds or fails. */
export const withTimer =
  <Args extends readonly unknown[], Result>(
    histogram: Pick<Histogram, 'startTimer'>,
    next: (...args: Args) => Promise<Result>,
  ) =>
  async (...args: Args): Promise<Result> => {
    const stopTimer = histogram.startTimer();
    try {
      return await next(...args);
    } finally {
      stopTimer();
    }
  };
