/** Restarts the engines of `npm start` when they exit: without them the services can only wait. */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@order-pipeline/resilience';
import type { EngineNode } from './engines/node.ts';
import { restartBackoff } from './restart-backoff.ts';

type Engine = Pick<EngineNode, 'pids' | 'start'>;

export interface SupervisorOptions {
  /** By name; undefined where it runs elsewhere. */
  readonly engines: Readonly<Record<string, Engine | undefined>>;
  readonly print: (line: string) => void;
  /** Between two checks. Default 1 s. */
  readonly everyMs?: number;
  readonly delayMs?: (earlierExits: number) => number;
}

/** Until the signal is aborted. */
export function superviseEngines(options: SupervisorOptions, signal: AbortSignal): void {
  for (const [name, engine] of Object.entries(options.engines)) {
    // Rejects only when the signal is aborted.
    if (engine) void supervise(name, engine, options, signal).catch(() => undefined);
  }
}

async function supervise(
  name: string,
  engine: Engine,
  { print, everyMs = 1_000, delayMs = (exits) => backoffMs(restartBackoff, exits) }: SupervisorOptions,
  signal: AbortSignal,
): Promise<never> {
  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal });
  for (let exits = 0; ;) {
    await pause(everyMs);
    if (engine.pids.length > 0) continue;
    const waitMs = delayMs(exits++);
    print(`${name} exited; restarting it in ${(waitMs / 1_000).toFixed(1)} s`);
    await pause(waitMs);
    await engine.start().then(
      () => print(`${name} is ready again`),
      (error: Error) => print(`${name}: ${error.message}`),
    );
  }
}
