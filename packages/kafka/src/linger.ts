/**
 * Lingering lets the next batch fill. Every batch pays the same round trips, however small it is; so after a batch of n
 * events n milliseconds pass, at most `maxLingerMs`, before the next one is taken. An event at a quiet time waits for
 * nothing, and under load the cost per event falls instead of the size of the batches.
 */
const maxLingerMs = 200;

export const lingerMs = (events: number): number => Math.min(events, maxLingerMs);
