import { setTimeout as delay } from 'node:timers/promises';
import type { Handler } from '../consumer/handler.ts';

/** The article's sleeps as a setting. */
export interface SimulatedWork {
  /** Per event; 0 is no simulated work. */
  readonly workMs: number;
  /** Events whose work takes place at the same time. */
  readonly concurrency: number;
}

/** Takes the time of the simulated work before it calls the handler. */
export function withSimulatedWork({ workMs, concurrency }: SimulatedWork, handler: Handler): Handler {
  if (workMs === 0) return handler;
  return async (events) => {
    for (let done = 0; done < events.length; done += concurrency) await delay(workMs);
    return handler(events);
  };
}
