/**
 * One order's way through the pipeline, with everything that may happen to it. Each topic is a log; each service reads
 * each of its topics on its own, so topics overtake each other while a topic keeps its order. An event is worked off in
 * the steps that a crash or another replica can come between: read, ask the gateway, store if nobody else has, publish
 * and commit. Beside the consumers stands a former owner of their partitions: it may be given any event once more, up to
 * the next one, works at the same time as they do, and may die at any step. So redeliveries, crashes before the
 * publish or the commit, and lost races are all runs of the same few steps. Until it has stored what an event causes, a
 * consumer may dead-letter it and go on with the next; redriven it comes later, at any point, or never.
 *
 * Three reductions keep it small, and lose no behaviour. A fact that a service ignores whatever it knows is not delivered
 * to it (`learnsRelevance` checks that it would be). A second publish of the same fact is second deliveries of it, which are
 * counted one by one, so a log holds a fact once. And the order service, which tells nobody anything but a cancellation,
 * reads only right before a cancellation is decided and when the others are at rest: its reading commutes with all else,
 * and reading twice is seen to change nothing.
 */
import { deadLetterQueue } from './dead-letters.ts';
import type { AskableDecisions, Outcome } from './decisions.ts';
import type { Model, Step } from './explore.ts';
import { Interned, memoized } from './interned.ts';
import { at, consumers, documentOf, orders, others, topics } from './places.ts';
import { createRules } from './rules.ts';

/** An event in work. */
interface Work {
  readonly consumer: number;
  readonly event: number;
  readonly phase: 'read' | 'answered' | 'stored';
  /** The payment as it was read, and as it is to be; the events to publish. */
  readonly read: number;
  readonly document: number;
  readonly events: number;
}
const phases = ['read', 'answered', 'stored'] as const;
const idle = 0;

export interface OneOrderOptions {
  readonly decisions: AskableDecisions;
  /** Second deliveries, lost answers of the gateway and dead letters in one run. */
  readonly maxDisturbances: number;
  readonly mayDeadLetter: boolean;
  readonly mayCancel: boolean;
}

export function oneOrder({ decisions, maxDisturbances, mayDeadLetter, mayCancel }: OneOrderOptions): Model {
  const { describe, lists } = decisions;
  const faults = new Interned<string>();
  const works = new Interned<Work | undefined>();
  const deadLetters = deadLetterQueue();
  const noEvents = lists.id([]);
  faults.id('');
  works.id(undefined);
  const workId = memoized((consumer: number, event: number, phase: number, read: number, doc: number, events: number) =>
    works.id({ consumer, event, phase: phases[phase]!, read, document: doc, events }),
  );
  const union = memoized((list: number, more: number) =>
    lists.id([...new Set([...lists.get(list), ...lists.get(more)])]),
  );
  /** The part of a log that means something to a consumer. */
  const viewOf = memoized((consumer: number, list: number): readonly number[] =>
    lists.get(list).filter((event) => !decisions.isIgnored(consumers[consumer]!.service, event)),
  );
  const logOf = memoized((list: number) => at.logs + topics.indexOf(decisions.events.get(lists.get(list)[0]!).type));
  const rules = createRules(decisions);

  type Part = (where: number) => number;
  const isIdle = (part: Part, consumer: number): boolean =>
    part(at.hands + consumer) === idle &&
    part(at.positions + consumer) === viewOf(consumer, part(at.logs + consumers[consumer]!.log)).length;
  const areOthersAtRest = (part: Part): boolean =>
    part(at.formerOwner) === idle &&
    decisions.timer(part(at.shipment)) === null &&
    others.every((consumer) => isIdle(part, consumer));
  const isAtRest = (part: Part): boolean =>
    part(at.cancelling) === 0 && areOthersAtRest(part) && orders.every((consumer) => isIdle(part, consumer));

  /** What is told already need not be told again: that publish would change nothing. */
  const hold = (next: number[], slot: number, consumer: number, event: number, events: number): void => {
    const isTold = events === noEvents || union(next[logOf(events)]!, events) === next[logOf(events)];
    next[slot] = isTold ? idle : workId(consumer, event, 2, 0, 0, events);
  };

  const take = (next: number[], slot: number, consumer: number, event: number): void => {
    const { service } = consumers[consumer]!;
    const where = documentOf[service];
    const answer: Outcome | 'charge' | 'void' = decisions[service](next[where]!, event);
    if (typeof answer === 'string') {
      next[slot] = workId(consumer, event, 0, next[where]!, 0, 0);
      return;
    }
    next[where] = answer.document;
    hold(next, slot, consumer, event, answer.events);
  };

  const publish = (next: number[], events: number): void => {
    next[logOf(events)] = union(next[logOf(events)]!, events);
  };

  /** A state and its event in one write: the relay publishes it sooner or later, and consumers take it sooner or later. */
  const storeWithEvent = (next: number[], where: number, { document, events }: Outcome): void => {
    next[where] = document;
    if (events !== noEvents) publish(next, events);
  };

  const steps = (state: string, mayDisturb: boolean): Step[] => {
    const s: number[] = [];
    for (let part = 0; part < state.length; part += 1) s.push(state.charCodeAt(part));
    const found: Step[] = [];
    const add = (label: string, change: (next: number[]) => void, disturbs = false): void => {
      if (disturbs && !mayDisturb) return;
      const next = [...s];
      try {
        change(next);
      } catch (error) {
        next[at.fault] = faults.id(`a decision threw: ${(error as Error).message}`);
      }
      const after = String.fromCharCode(...next);
      if (after !== state) found.push({ label, state: after, disturbs });
    };

    const advance = (slot: number, who: string): void => {
      const { consumer, event, phase, read, document, events } = works.get(s[slot]!)!;
      const what = `${who}, ${describe(event)}:`;
      if (phase === 'read') {
        add(`${what} the gateway answers`, (next) => {
          const answer = decisions.gateway(read, event, next[at.ledger]!);
          next[at.ledger] = answer.ledger;
          next[slot] = workId(consumer, event, 1, read, answer.document, answer.events);
        });
        const lose = (next: number[]): void =>
          void (next[at.ledger] = decisions.gateway(read, event, next[at.ledger]!).ledger);
        add(`${what} the gateway acts, its answer is lost`, lose, true);
      } else if (phase === 'answered' && s[at.payment] === read) {
        add(`${what} stored`, (next) => {
          next[at.payment] = document;
          hold(next, slot, consumer, event, events);
        });
      } else if (phase === 'answered') {
        add(`${what} lost the race, decides again`, (next) => take(next, slot, consumer, event));
      } else {
        add(`${what} publishes ${lists.get(events).map(describe).join(', ')}`, (next) => {
          publish(next, events);
          next[slot] = idle;
        });
      }
    };

    const consume = (consumer: number): void => {
      const { service, log } = consumers[consumer]!;
      const position = s[at.positions + consumer]!;
      const view = viewOf(consumer, s[at.logs + log]!);
      const slot = at.hands + consumer;
      const deadLetter = (event: number, nextPosition: number): void => {
        if (!mayDeadLetter) return;
        const setAside = (next: number[]): void => {
          next[slot] = idle;
          next[at.positions + consumer] = nextPosition;
          next[at.deadLetters] = deadLetters.with(next[at.deadLetters]!, consumer, event);
        };
        add(`${service} dead-letters ${describe(event)}`, setAside, true);
      };
      const work = works.get(s[slot]!);
      if (work) {
        advance(slot, service);
        if (work.phase !== 'stored') deadLetter(work.event, position);
      } else {
        if (position < view.length) {
          const event = view[position]!;
          add(`${service} takes ${describe(event)}`, (next) => {
            next[at.positions + consumer] = position + 1;
            take(next, slot, consumer, event);
          });
          deadLetter(event, position + 1);
        }
        for (const [index, letter] of deadLetters.get(s[at.deadLetters]!).entries()) {
          if (letter.consumer !== consumer) continue;
          add(`${service} takes ${describe(letter.event)}, redriven`, (next) => {
            next[at.deadLetters] = deadLetters.without(next[at.deadLetters]!, index);
            take(next, slot, consumer, letter.event);
          });
        }
      }
      if (s[at.formerOwner] !== idle || service === 'order') return;
      for (const event of view.slice(0, position + 1)) {
        add(
          `a former owner at ${service} takes ${describe(event)}`,
          (next) => take(next, at.formerOwner, consumer, event),
          true,
        );
      }
    };

    if (s[at.cancelling] === 1 || areOthersAtRest((where) => s[where]!)) orders.forEach(consume);
    if (s[at.cancelling] === 1) {
      add('the cancellation is decided', (next) => {
        next[at.cancelling] = 0;
        storeWithEvent(next, at.order, decisions.cancel(next[at.order]!));
      });
      return found;
    }
    if (mayCancel && !decisions.isCancelled(s[at.order]!))
      add('the customer cancels', (next) => (next[at.cancelling] = 1));
    others.forEach(consume);
    if (s[at.formerOwner] !== idle) {
      advance(at.formerOwner, 'the former owner');
      add('the former owner dies', (next) => (next[at.formerOwner] = idle));
    }
    add('the timer rings', (next) => {
      const shipped = decisions.timer(next[at.shipment]!);
      if (shipped) storeWithEvent(next, at.shipment, shipped);
    });
    return found;
  };

  const logFault = memoized((list: number): string => rules.faultOfLog(lists.get(list)) ?? '');
  const moveFault = memoized((from: number, to: number): string => rules.faultOfMove(from, to) ?? '');
  const booksFault = memoized((ledger: number, shelf: number): string => rules.faultOfBooks({ ledger, shelf }) ?? '');

  const faultOf = (state: string, before: string): string | undefined => {
    const part = (where: number): number => state.charCodeAt(where);
    const [order, ledger, shelf, shipment] = [part(at.order), part(at.ledger), part(at.inventory), part(at.shipment)];
    let fault =
      faults.get(part(at.fault)) || moveFault(before.charCodeAt(at.order), order) || booksFault(ledger, shelf);
    for (let log = at.logs; fault === '' && log < at.positions; log += 1) fault = logFault(part(log));
    if (fault !== '') return fault;
    if (!isAtRest(part)) return undefined;
    const missing = deadLetters.get(part(at.deadLetters)).map(({ event }) => event);
    return rules.faultAtRest({ order, ledger, shelf, shipment }, missing);
  };

  const { initial } = decisions;
  const first: number[] = [];
  first[at.order] = initial.order;
  first[at.payment] = initial.payment;
  first[at.ledger] = initial.ledger;
  first[at.inventory] = initial.shelf;
  first[at.shipment] = initial.shipment;
  for (const flag of [at.fault, at.cancelling, at.formerOwner]) first[flag] = 0;
  first[at.deadLetters] = deadLetters.empty;
  for (const log of topics.keys()) first[at.logs + log] = noEvents;
  for (const consumer of consumers.keys()) first[at.positions + consumer] = first[at.hands + consumer] = idle;
  publish(first, initial.events);
  return { initial: String.fromCharCode(...first), maxDisturbances, steps, faultOf };
}
