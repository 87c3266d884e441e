/** Work that a process repeats for as long as it runs: a poll, a sweep, a check. */
import { wait } from './backoff.ts';
import type { Logger } from './logger.ts';
import { isOutage } from './outage-error.ts';

export interface PeriodicTaskOptions {
  /** Names the task in log lines. */
  readonly name: string;
  /** Milliseconds from the end of one run to the start of the next. */
  readonly everyMs: number;
  /** Returns true when there is more to do at once. What it throws is logged, and the next run follows. */
  readonly run: () => Promise<unknown>;
  readonly logger: Logger;
}

export class PeriodicTask {
  readonly name: string;
  readonly #options: PeriodicTaskOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: PeriodicTaskOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** The first run begins at once. */
  start(): void {
    this.#running = this.#repeat();
  }

  /** Waits for the run in progress. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const hasMore = await this.#runOnce();
      if (!hasMore) await wait(this.#options.everyMs, signal).catch(() => undefined);
    }
  }

  async #runOnce(): Promise<boolean> {
    const { name, run, logger } = this.#options;
    try {
      return (await run()) === true;
    } catch (error) {
      if (isOutage(error)) logger.debug({ err: error }, `${name}: an outage prevents the run, retrying`);
      else logger.error({ err: error }, `${name}: the run failed, retrying`);
      return false;
    }
  }
}
