/**
 * The part of a start that needs MongoDB. It runs in the background, so that HTTP answers probes meanwhile, and an outage
 * delays it for as long as the outage lasts.
 */
import { backoffMs, isOutage, wait } from '@order-pipeline/resilience';
import type { Component } from '@order-pipeline/runtime';

/** Resolves once its part works. Called again when an outage interrupted it, so it must be repeatable. */
export type StartupStep = (stopping: AbortSignal) => unknown;

const retryBackoff = { firstMs: 100, maxMs: 2_000 };

export class Startup implements Component {
  readonly name = 'startup';
  readonly #steps: StartupStep[] = [];
  readonly #fail: (error: unknown) => void;
  #running: Promise<void> = Promise.resolve();
  #isDone = false;

  /** `fail` receives what a step throws other than an outage. */
  constructor(fail: (error: unknown) => void) {
    this.#fail = fail;
  }

  /** Steps run in the order in which they were added. */
  add(step: StartupStep): void {
    this.#steps.push(step);
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Returns at once. */
  start(stopping: AbortSignal): void {
    this.#running = this.#run(stopping).catch((error: unknown) => {
      if (!stopping.aborted) this.#fail(error);
    });
  }

  /** Waits for the step in progress; it gives up when `stopping` is aborted. */
  stop(): Promise<void> {
    return this.#running;
  }

  async #run(stopping: AbortSignal): Promise<void> {
    for (const step of this.#steps) {
      if (stopping.aborted) return;
      await retryThroughOutages(step, stopping);
    }
    this.#isDone = !stopping.aborted;
  }
}

async function retryThroughOutages(step: StartupStep, stopping: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await step(stopping);
      return;
    } catch (error) {
      if (stopping.aborted || !isOutage(error)) throw error;
      await wait(backoffMs(retryBackoff, attempt), stopping);
    }
  }
}
