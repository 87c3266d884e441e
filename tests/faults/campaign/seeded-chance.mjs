// Loaded before a service (node --import): what it leaves to chance (the simulated gateway's faults, the jitter of its
// retries) follows from CHANCE_SEED and its instance.
import { createRandom } from './random.ts';

if (process.env.CHANCE_SEED !== undefined) {
  Math.random = createRandom(Number(process.env.CHANCE_SEED)).fork(process.env.INSTANCE_ID ?? '').next;
}
