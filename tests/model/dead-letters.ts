/** The dead letters that are not redriven yet, as a number that does not depend on their order. */
import { Interned, memoized } from './interned.ts';

interface DeadLetter {
  readonly consumer: number;
  readonly event: number;
}

export function deadLetterQueue() {
  const queues = new Interned<readonly DeadLetter[]>();
  return {
    empty: queues.id([]),
    get: (queue: number): readonly DeadLetter[] => queues.get(queue),
    with: memoized((queue: number, consumer: number, event: number) =>
      queues.id(
        [...queues.get(queue), { consumer, event }].toSorted((a, b) => a.consumer - b.consumer || a.event - b.event),
      ),
    ),
    without: memoized((queue: number, index: number) => queues.id(queues.get(queue).toSpliced(index, 1))),
  };
}
