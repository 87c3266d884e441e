/** Counts the gateway's faults as the payment service's replicas tell of them. */
import { setTimeout as pause } from 'node:timers/promises';

const everyMs = 1_000;
const answerLimitMs = 500;
const failedCalls = /^payment_gateway_call_duration_seconds_count\{[^}]*outcome="failed"[^}]*\} (\d+)/gmu;

export interface GatewayWatch {
  /** At least so many: what a replica counted in its last second is lost when it is killed. */
  readonly failures: () => number;
  stop(): Promise<void>;
}

export function watchGateway(urls: () => readonly string[]): GatewayWatch {
  const stopping = new AbortController();
  const last = new Map<string, number>();
  let failures = 0;
  const look = async (url: string): Promise<void> => {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(answerLimitMs) });
    const count = failedIn(await response.text());
    failures += increase(last.get(url) ?? 0, count);
    last.set(url, count);
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await Promise.allSettled(urls().map(look));
      await pause(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await Promise.allSettled(urls().map(look));
  };
  const running = run();
  return {
    failures: () => failures,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export const failedIn = (metrics: string): number =>
  [...metrics.matchAll(failedCalls)].reduce((sum, [, count]) => sum + Number(count), 0);

/** A counter that fell began anew, at zero. */
export const increase = (before: number, now: number): number => (now >= before ? now - before : now);
