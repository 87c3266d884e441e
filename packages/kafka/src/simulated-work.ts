/** The article's sleeps as a setting: a ring around a handler that takes `workMs` per event, `concurrency` at once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Handler } from './chunk-processor.ts';

export interface SimulatedWork {
  readonly workMs: number;
  readonly concurrency: number;
}

export function withSimulatedWork({ workMs, concurrency }: SimulatedWork, handler: Handler): Handler {
  if (workMs === 0) return handler;
  return async (events) => {
    for (let done = 0; done < events.length; done += concurrency) await delay(workMs);
    return handler(events);
  };
}
