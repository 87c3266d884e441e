/**
 * The live feed: one query per tick for all who follow, each of whom goes on from the last step that reached him. Who is
 * slow, or comes back after a cut, reads what he missed from the database; nothing is queued for anybody.
 */
import { isOutage, wait, type Logger } from '@order-pipeline/resilience';
import { feedStep, type Step } from './step.ts';
import type { StepRepository } from './step-repository.ts';

export interface StepFeedOptions {
  readonly repository: Pick<StepRepository, 'newest' | 'oldest' | 'readAfter'>;
  readonly logger: Logger;
  readonly pollMs: number;
  readonly stopping: AbortSignal;
}

export interface StepFeed {
  /**
   * The messages of an event stream: `start`, then `steps` after number `after`, or without one those of the last
   * orders, and in silence `alive`, which a page can hear, unlike a comment. Ends when the process stops. Ask for the
   * next message when the last one was taken.
   */
  open(after: number | undefined): Promise<AsyncGenerator<string, void, undefined>>;
  readonly followers: number;
}

interface Batch {
  readonly after: number;
  readonly last: number;
  readonly message: string;
}

/** Who comes anew first sees this many steps, so that the page is not empty. */
const stepsAtStart = 200;
const maxStepsPerMessage = 500;
const keptBatches = 20;
const heartbeatMs = 15_000;
const reconnectAfterMs = 1_000;

export function createStepFeed({ repository, logger, pollMs, stopping }: StepFeedOptions): StepFeed {
  let followers = 0;
  let ticking = false;
  let newest = 0;
  /** The last batches by the number they begin after: whoever is at that number needs no query of his own. */
  const batches = new Map<number, Batch>();
  let moved = Promise.withResolvers<void>();
  stopping.addEventListener('abort', () => moved.resolve());

  const read = async (after: number): Promise<Batch | undefined> => {
    const steps = await repository.readAfter(after, maxStepsPerMessage);
    return steps.length === 0 ? undefined : { after, last: steps.at(-1)!.seq, message: stepsMessage(steps) };
  };

  const readOrReport = (after: number): Promise<Batch | undefined> =>
    read(after).catch((error: unknown) => {
      if (isOutage(error)) logger.debug({ err: error }, 'cannot look for new steps now');
      else logger.error({ err: error }, 'the live feed failed, trying on');
      return undefined;
    });

  async function tickWhileFollowed(): Promise<void> {
    if (ticking) return;
    for (ticking = true; followers > 0 && !stopping.aborted;) {
      const batch = await readOrReport(newest);
      if (batch) {
        batches.set(batch.after, batch);
        if (batches.size > keptBatches) batches.delete(batches.keys().next().value!);
        newest = batch.last;
        moved.resolve();
        moved = Promise.withResolvers();
      }
      await wait(pollMs, stopping).catch(() => undefined);
    }
    ticking = false;
    batches.clear();
  }

  async function* messages(start: StartingPoint): AsyncGenerator<string, void, undefined> {
    followers += 1;
    try {
      if (!ticking) newest = start.after;
      void tickWhileFollowed();
      yield `retry: ${reconnectAfterMs}\nevent: start\nid: ${start.after}\ndata: ${JSON.stringify(start)}\n\n`;
      for (let seen = start.after; !stopping.aborted;) {
        const happens = moved.promise;
        const batch = batches.get(seen) ?? (seen < newest ? await readOrReport(seen) : undefined);
        if (batch) {
          yield batch.message;
          seen = batch.last;
        } else if (!(await within(heartbeatMs, happens))) {
          yield 'event: alive\ndata: 1\n\n';
        }
      }
    } finally {
      followers -= 1;
    }
  }

  return {
    async open(after) {
      return messages(startingPoint(after, await repository.oldest(), await repository.newest()));
    },
    get followers() {
      return followers;
    },
  };
}

/** Whether it happened in time. */
async function within(limitMs: number, event: Promise<void>): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const timer = setTimeout(over.resolve, limitMs, false);
  const happened = await Promise.race([event.then(() => true), over.promise]);
  clearTimeout(timer);
  return happened;
}

export interface StartingPoint {
  /** The feed goes on after this number. */
  readonly after: number;
  /** Steps that were asked for and are no longer kept. */
  readonly lost: number;
  /** The newest step when the follower came: all up to it are of the past. */
  readonly newest: number;
}

/** Where a follower begins who saw the step `after` last; a number from the future is one of another database. */
export function startingPoint(after: number | undefined, oldest: number, newest: number): StartingPoint {
  if (after === undefined || after > newest) {
    return { after: Math.max(oldest - 1, newest - stepsAtStart, 0), lost: 0, newest };
  }
  const lost = oldest === 0 ? newest - after : Math.max(0, oldest - 1 - after);
  return { after: after + lost, lost, newest };
}

const stepsMessage = (steps: readonly Step[]): string =>
  `event: steps\nid: ${steps.at(-1)!.seq}\ndata: ${JSON.stringify(steps.map(feedStep))}\n\n`;
