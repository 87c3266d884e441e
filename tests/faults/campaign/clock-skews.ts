import type { Random } from './random.ts';
import { observedLeadMs } from './service-logs.ts';

const maxSkewMs = 45_000;
const minSkewMs = 3_000;

/** Clock skews in milliseconds, by instance: one instance of each service that consumes. Short campaigns have small skews. */
export function drawClockSkews(random: Random, seconds: number): ReadonlyMap<string, number> {
  const limitMs = Math.max(2 * minSkewMs, Math.min(maxSkewMs, seconds * 150));
  const skewMs = (): number => (random.chance(0.5) ? 1 : -1) * random.whole(minSkewMs, limitMs);
  return new Map([
    [`payment-${random.whole(1, 2)}`, skewMs()],
    [`inventory-${random.whole(1, 2)}`, skewMs()],
    [`shipment-${random.whole(1, 2)}`, skewMs()],
  ]);
}

/** In the form that clock-skew.mjs reads. */
export const asSetting = (clocks: ReadonlyMap<string, number>): string =>
  [...clocks].map(([instance, ms]) => `${instance}=${ms}`).join(',');

/** The number of skews that the logs show. */
export const countSkewed = (clocks: ReadonlyMap<string, number>, logDir: string): number =>
  [...clocks].filter(([instance, ms]) => Math.abs(observedLeadMs(logDir, instance) - ms) < minSkewMs / 2).length;

/** For how long a time stamp may lie in the future. */
export const largestLeadMs = (clocks: ReadonlyMap<string, number>): number => Math.max(0, ...clocks.values());
