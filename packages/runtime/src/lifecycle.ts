import { within } from '@order-pipeline/resilience';
import type { CheckResult, Health } from './health.ts';
import type { Logger } from './logger.ts';

export interface Component {
  readonly name: string;
  /** Resolves once the component works. `stopping` is aborted when the process begins to stop meanwhile. */
  start?(stopping: AbortSignal): unknown;
  /** Finishes what is in flight and closes. Also called when `start` failed or has not finished. */
  stop?(): unknown;
}

export interface LifecycleOptions {
  readonly logger: Logger;
  /** Gets a check of the start, and drains, so that /readyz is right from the first component to the last. */
  readonly health?: Health;
  /** Milliseconds for all components together to stop. */
  readonly shutdownTimeoutMs: number;
  /** Milliseconds for each component to start. */
  readonly startTimeoutMs?: number;
}

/** A component did not start or stop in time. */
export class LifecycleTimeoutError extends Error {
  override readonly name = 'LifecycleTimeoutError';
}

const inTime = (limitMs: number, what: string, act: () => unknown): Promise<unknown> =>
  within(limitMs, (async () => act())(), () => new LifecycleTimeoutError(`${what} within ${Math.round(limitMs)} ms`));

/**
 * Components start in the order in which they were added and stop in reverse, so that each can rely on the ones before
 * it from its first to its last moment.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #components: Component[] = [];
  readonly #begun: Component[] = [];
  readonly #stopping = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  #stopped: Promise<void> | undefined;
  #startState: CheckResult = { status: 'starting' };

  constructor(options: LifecycleOptions) {
    this.#options = options;
    // A test may leave `failed` unread; without a listener its rejection would end the process.
    this.#failed.promise.catch(() => {});
    options.health?.register('startup', () => this.#startState);
  }

  /** Aborted as soon as the process begins to stop: for long polls and other waits that should end early. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Rejects when a component can no longer work. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Throws on a name that is taken. */
  add<C extends Component>(component: C): C {
    if (this.#components.some(({ name }) => name === component.name)) {
      throw new Error(`Two components have the name "${component.name}"`);
    }
    this.#components.push(component);
    return component;
  }

  /** Throws what the first failing component threw, after stopping those before it. */
  async start(): Promise<void> {
    const { startTimeoutMs = 60_000, logger } = this.#options;
    for (const component of this.#components) {
      if (this.stopping.aborted) break;
      this.#begun.push(component);
      this.#startState = { status: 'starting', detail: component.name };
      const startedAt = performance.now();
      try {
        await inTime(startTimeoutMs, `${component.name} did not start`, () => component.start?.(this.stopping));
      } catch (error) {
        if (this.stopping.aborted) break;
        await this.stop().catch((stopError: unknown) => logger.error({ err: stopError }, 'the cleanup failed too'));
        throw error;
      }
      logger.debug({ component: component.name, ms: Math.round(performance.now() - startedAt) }, 'component started');
    }
    this.#startState = { status: 'up' };
  }

  /**
   * Marks the process as draining and stops in reverse; a second call waits for the same stop. Throws
   * LifecycleTimeoutError naming the component at which the time ran out, or an AggregateError of what components threw.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  /** Reports that a component can no longer work: `failed` rejects, and the process drains and exits 1. */
  fail(error: unknown): void {
    this.#failed.reject(error);
  }

  async #stopAll(): Promise<void> {
    const { logger, health, shutdownTimeoutMs } = this.#options;
    health?.drain();
    this.#stopping.abort();
    const deadline = performance.now() + shutdownTimeoutMs;
    const errors: unknown[] = [];
    for (const component of this.#begun.toReversed()) {
      const leftMs = Math.max(0, deadline - performance.now());
      try {
        await inTime(leftMs, `${component.name} did not stop`, () => component.stop?.());
      } catch (error) {
        logger.error({ err: error, component: component.name }, 'a component did not stop cleanly');
        if (error instanceof LifecycleTimeoutError) throw error;
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not every component stopped cleanly');
  }
}

export const createLifecycle = (options: LifecycleOptions): Lifecycle => new Lifecycle(options);
