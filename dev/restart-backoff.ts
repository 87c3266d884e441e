import type { Backoff } from '@order-pipeline/resilience';

/** Before a process that has exited is restarted: 1 to 2 s at first, doubling with each exit in a row, up to 15 to 30 s. */
export const restartBackoff: Backoff = { firstMs: 2_000, maxMs: 30_000 };

/** After a run this long the next exit counts as the first. */
export const stableAfterMs = 60_000;
