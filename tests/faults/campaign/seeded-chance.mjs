// Loaded before a service (node --import): its random values (the simulated gateway's faults, the jitter of its backoff)
// follow from CHANCE_SEED and its instance.
import { createRandom } from './random.ts';

if (process.env.CHANCE_SEED !== undefined) {
  Math.random = createRandom(Number(process.env.CHANCE_SEED)).fork(process.env.INSTANCE_ID ?? '').next;
}
