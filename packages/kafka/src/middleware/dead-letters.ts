import type { DecodedEvent, Step } from '../consumer/handler.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import type { OutgoingRecord } from '../record.ts';

export interface DecidedBatch {
  readonly outcomes: readonly OutgoingRecord[];
  readonly deadLetters: readonly DeadLetter[];
}

const deadLetterOf = ({ record }: DecodedEvent, attempts: number, thrown: unknown): DeadLetter => ({
  record,
  kind: 'handler',
  attempts,
  error: thrown instanceof Error ? thrown : new Error(String(thrown)),
});

/**
 * Isolates the events on which the step fails: a failing batch is halved until the failing event stands alone, which
 * becomes a dead letter after its `attempts`. The others have their outcomes. An aborted signal isolates nothing.
 */
export function withDeadLetters(attempts: number, next: Step<readonly OutgoingRecord[]>): Step<DecidedBatch> {
  return async function isolate(events, signal): Promise<DecidedBatch> {
    if (events.length === 0) return { outcomes: [], deadLetters: [] };
    try {
      return { outcomes: await next(events, signal), deadLetters: [] };
    } catch (error) {
      signal.throwIfAborted();
      if (events.length === 1) return { outcomes: [], deadLetters: [deadLetterOf(events[0]!, attempts, error)] };
      const middle = events.length >> 1;
      const first = await isolate(events.slice(0, middle), signal);
      const second = await isolate(events.slice(middle), signal);
      return {
        outcomes: [...first.outcomes, ...second.outcomes],
        deadLetters: [...first.deadLetters, ...second.deadLetters],
      };
    }
  };
}
