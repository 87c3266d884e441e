/** Waits out outages: a step that fails for a dependency is repeated with backoff until the dependency is available. */
import { backoffMs, isOutage, wait, type Backoff, type Logger } from '@order-pipeline/resilience';
import type { Step } from '../consumer/handler.ts';

export interface OutageWaitOptions {
  readonly backoff: Backoff;
  readonly logger: Logger;
  /** Waiting is progress: called at each failed attempt, and when the outage is over. */
  readonly onSignOfLife: () => void;
}

/** The waits of one consumer. It knows the current outage, and logs the first failure of each outage and its end. */
export class OutageWait {
  readonly #options: OutageWaitOptions;
  readonly #gaveUp = new AbortController();
  #isGivingUp = false;
  /** Outlives an abandoned wait: the outage is over when a later step succeeds. */
  #outage: Error | undefined;

  constructor(options: OutageWaitOptions) {
    this.#options = options;
  }

  get outage(): Error | undefined {
    return this.#outage;
  }

  /** Aborted when an outage was met that is not waited out; belongs into the signal of every batch. */
  get gaveUp(): AbortSignal {
    return this.#gaveUp.signal;
  }

  /** From now on no outage is waited out, the current one included. */
  giveUp(reason: Error): void {
    this.#isGivingUp = true;
    if (this.#outage) this.#gaveUp.abort(reason);
  }

  /** Repeats the step while it throws OutageErrors; any other error passes. Rejects with the signal's reason once it is aborted. */
  async waitOut<Result>(step: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const result = await step();
        this.#end();
        return result;
      } catch (error) {
        if (!isOutage(error)) throw error;
        this.#begin(error);
        await wait(backoffMs(this.#options.backoff, attempt), signal);
      }
    }
  }

  #begin(error: Error): void {
    if (!this.#outage) this.#options.logger.warn({ err: error }, 'waiting for an outage to end');
    this.#outage = error;
    this.#options.onSignOfLife();
    if (this.#isGivingUp) this.#gaveUp.abort(error);
  }

  #end(): void {
    if (!this.#outage) return;
    this.#outage = undefined;
    this.#options.onSignOfLife();
    this.#options.logger.info({}, 'the outage is over');
  }
}

export const withOutageWait =
  <Result>(outages: OutageWait, next: Step<Result>): Step<Result> =>
  (events, signal) =>
    outages.waitOut(() => next(events, signal), signal);
