/**
 * The live feed of steps. One query per tick serves all followers; each follower continues after the last step that it
 * has received. A follower that is slow or reconnects reads what it missed from the database: nothing is queued for it.
 */
import { isOutage, wait, within, type Logger } from '@order-pipeline/resilience';
import { feedStep, type Step } from './step.ts';
import type { StepRepository } from './step-repository.ts';

export interface StepFeedOptions {
  readonly repository: Pick<StepRepository, 'newest' | 'oldest' | 'readAfter'>;
  readonly logger: Logger;
  readonly pollMs: number;
  readonly stopping: AbortSignal;
}

/** Consecutive steps as one message of the event stream. */
interface StepsMessage {
  /** The number before its first step. */
  readonly after: number;
  /** The number of its last step. */
  readonly last: number;
  readonly text: string;
}

/** A new follower first receives this many steps, so that its page is not empty. */
const stepsAtStart = 200;
const maxStepsPerMessage = 500;
const keptMessages = 20;
const heartbeatMs = 15_000;
const reconnectAfterMs = 1_000;

const stepsText = (steps: readonly Step[]): string =>
  `event: steps\nid: ${steps.at(-1)!.seq}\ndata: ${JSON.stringify(steps.map(feedStep))}\n\n`;

const arrivesWithin = (limitMs: number, arrival: Promise<void>): Promise<boolean> =>
  within(limitMs, arrival, () => new Error('no step arrived')).then(
    () => true,
    () => false,
  );

export class StepFeed {
  readonly #options: StepFeedOptions;
  /** The latest messages by `after`: a follower that has received the steps before one needs no query of its own. */
  readonly #messages = new Map<number, StepsMessage>();
  #followers = 0;
  #isPolling = false;
  #newest = 0;
  /** Resolves when the next steps arrive, or the process stops. */
  #arrival = Promise.withResolvers<void>();

  constructor(options: StepFeedOptions) {
    this.#options = options;
    options.stopping.addEventListener('abort', () => this.#arrival.resolve());
  }

  get followers(): number {
    return this.#followers;
  }

  /**
   * The messages of an event stream: `start`, then `steps` after the number `after`, or the latest steps without one, and
   * `alive` while there are none, which a page can receive, unlike a comment. Ends when the process stops. Ask for a
   * message once the one before is sent.
   */
  async open(after: number | undefined): Promise<AsyncGenerator<string, void, undefined>> {
    const { repository } = this.#options;
    return this.#follow(startingPoint(after, await repository.oldest(), await repository.newest()));
  }

  async *#follow(start: StartingPoint): AsyncGenerator<string, void, undefined> {
    const { stopping } = this.#options;
    this.#followers += 1;
    try {
      if (!this.#isPolling) this.#newest = start.after;
      void this.#pollWhileFollowed();
      yield `retry: ${reconnectAfterMs}\nevent: start\nid: ${start.after}\ndata: ${JSON.stringify(start)}\n\n`;
      for (let seen = start.after; !stopping.aborted;) {
        const arrival = this.#arrival.promise;
        const message = this.#messages.get(seen) ?? (seen < this.#newest ? await this.#readOrLog(seen) : undefined);
        if (message) {
          yield message.text;
          seen = message.last;
        } else if (!(await arrivesWithin(heartbeatMs, arrival))) {
          yield 'event: alive\ndata: 1\n\n';
        }
      }
    } finally {
      this.#followers -= 1;
    }
  }

  async #pollWhileFollowed(): Promise<void> {
    const { pollMs, stopping } = this.#options;
    if (this.#isPolling) return;
    this.#isPolling = true;
    while (this.#followers > 0 && !stopping.aborted) {
      const message = await this.#readOrLog(this.#newest);
      if (message) this.#announce(message);
      await wait(pollMs, stopping).catch(() => undefined);
    }
    this.#isPolling = false;
    this.#messages.clear();
  }

  #announce(message: StepsMessage): void {
    this.#messages.set(message.after, message);
    if (this.#messages.size > keptMessages) this.#messages.delete(this.#messages.keys().next().value!);
    this.#newest = message.last;
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  /** Undefined when there is no step after this number, or it cannot be read now. */
  async #readOrLog(after: number): Promise<StepsMessage | undefined> {
    const { repository, logger } = this.#options;
    try {
      const steps = await repository.readAfter(after, maxStepsPerMessage);
      return steps.length === 0 ? undefined : { after, last: steps.at(-1)!.seq, text: stepsText(steps) };
    } catch (error) {
      if (isOutage(error)) logger.debug({ err: error }, 'cannot read new steps, retrying');
      else logger.error({ err: error }, 'the live feed failed, retrying');
      return undefined;
    }
  }
}

export interface StartingPoint {
  /** The feed continues after this number. */
  readonly after: number;
  /** Steps that the follower asked for and that are no longer kept. */
  readonly lost: number;
  /** The newest step when the follower connected: all up to it happened before. */
  readonly newest: number;
}

/** Where a follower starts whose last step has the number `after`; one beyond the newest is of another database. */
export function startingPoint(after: number | undefined, oldest: number, newest: number): StartingPoint {
  if (after === undefined || after > newest) {
    return { after: Math.max(oldest - 1, newest - stepsAtStart, 0), lost: 0, newest };
  }
  const lost = oldest === 0 ? newest - after : Math.max(0, oldest - 1 - after);
  return { after: after + lost, lost, newest };
}
