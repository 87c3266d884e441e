/** Starts the engines of `npm start` again when they end, and says so: without them every service can only wait. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineNode } from './engines/node.ts';
import { restartDelayMs } from './restart-delay.ts';

type Engine = Pick<EngineNode, 'pids' | 'start'>;

export interface SupervisorOptions {
  /** By name; undefined where it runs elsewhere. */
  readonly engines: Readonly<Record<string, Engine | undefined>>;
  readonly say: (line: string) => void;
  /** Between two looks. Default 1 s. */
  readonly everyMs?: number;
  readonly delayMs?: (earlierEnds: number) => number;
}

/** Until the signal is aborted. */
export function superviseEngines(options: SupervisorOptions, signal: AbortSignal): void {
  const { engines, say, everyMs = 1_000, delayMs = restartDelayMs } = options;
  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal });

  const supervise = async (name: string, engine: Engine): Promise<void> => {
    for (let ends = 0; ;) {
      await pause(everyMs);
      if (engine.pids.length > 0) continue;
      const waitMs = delayMs(ends++);
      say(`${name} ended; starting it again in ${(waitMs / 1_000).toFixed(1)} s`);
      await pause(waitMs);
      await engine.start().then(
        () => say(`${name} is back`),
        (error: Error) => say(`${name}: ${error.message}`),
      );
    }
  };
  // Only the signal ends it.
  for (const [name, engine] of Object.entries(engines)) {
    if (engine) void supervise(name, engine).catch(() => undefined);
  }
}
