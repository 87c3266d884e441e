import type { Random } from './random.ts';
import { observedLeadMs } from './service-logs.ts';

const maxSkewMs = 45_000;
const minSkewMs = 3_000;

/** Wrong clocks by instance, in milliseconds: one of each service that consumes and decides. Short campaigns have small errors. */
export function wrongClocks(random: Random, seconds: number): ReadonlyMap<string, number> {
  const mostMs = Math.max(2 * minSkewMs, Math.min(maxSkewMs, seconds * 150));
  const skewMs = (): number => (random.chance(0.5) ? 1 : -1) * random.whole(minSkewMs, mostMs);
  return new Map([
    [`payment-${random.whole(1, 2)}`, skewMs()],
    [`inventory-${random.whole(1, 2)}`, skewMs()],
    [`shipment-${random.whole(1, 2)}`, skewMs()],
  ]);
}

/** As clock-skew.mjs reads it. */
export const asSetting = (clocks: ReadonlyMap<string, number>): string =>
  [...clocks].map(([instance, ms]) => `${instance}=${ms}`).join(',');

/** Of how many the logs show that they were so wrong. */
export const countWrong = (clocks: ReadonlyMap<string, number>, logDir: string): number =>
  [...clocks].filter(([instance, ms]) => Math.abs(observedLeadMs(logDir, instance) - ms) < minSkewMs / 2).length;

/** For so long something may seem to lie in the future. */
export const largestLeadMs = (clocks: ReadonlyMap<string, number>): number => Math.max(0, ...clocks.values());
