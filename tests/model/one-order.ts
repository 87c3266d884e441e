/**
 * A model of one order in the pipeline, with everything that can happen to it. Each topic is a log. Each service reads each
 * of its topics independently, so events of different topics arrive in any order, and those of one topic in its order. A
 * service processes an event in the steps between which a crash or another replica can interfere: read, call the gateway,
 * store on condition, publish and commit. Beside the consumers there is a former owner of their partitions: it may receive
 * any event again, up to the next one, runs at the same time, and may be killed at any step. So redeliveries, crashes before
 * the publish or the commit, and conflicts are all runs of the same few steps. Until a consumer has stored the effect of an
 * event, it may dead-letter the event and continue; a redrive delivers it later, at any point, or never.
 *
 * Three reductions keep the model small and lose no behaviour. A fact that a service always ignores is not delivered to it
 * (`learnsRelevance` checks this). A second publish of a fact is a second delivery, which counts on its own, so a log holds a
 * fact once. And the order service, which publishes nothing but a cancellation, reads only right before a cancellation is
 * decided and when the others are idle: its reads commute with every other step, and repeated reads change nothing.
 */
import { deadLetterQueue } from './dead-letters.ts';
import type { ModelDecisions, Outcome } from './decisions.ts';
import type { Model, Step } from './explore.ts';
import { Interned, memoized } from './interned.ts';
import { at, consumers, documentOf, orders, others, topics } from './state-layout.ts';
import { createRules } from './rules.ts';

/** An event that a consumer has read and not committed. */
interface InFlight {
  readonly consumer: number;
  readonly event: number;
  readonly phase: 'read' | 'called' | 'stored';
  /** The payment that was read, the payment to store, and the events to publish. */
  readonly read: number;
  readonly document: number;
  readonly events: number;
}
const phases = ['read', 'called', 'stored'] as const;
const none = 0;

export interface OneOrderOptions {
  readonly decisions: ModelDecisions;
  /** The most second deliveries, lost responses of the gateway and dead letters in one run. */
  readonly maxDisturbances: number;
  readonly mayDeadLetter: boolean;
  readonly mayCancel: boolean;
}

export function oneOrder({ decisions, maxDisturbances, mayDeadLetter, mayCancel }: OneOrderOptions): Model {
  const { describe, lists } = decisions;
  const errors = new Interned<string>();
  const inFlight = new Interned<InFlight | undefined>();
  const deadLetters = deadLetterQueue();
  const noEvents = lists.id([]);
  errors.id('');
  inFlight.id(undefined);
  const inFlightId = memoized(
    (consumer: number, event: number, phase: number, read: number, doc: number, events: number) =>
      inFlight.id({ consumer, event, phase: phases[phase]!, read, document: doc, events }),
  );
  const union = memoized((list: number, more: number) =>
    lists.id([...new Set([...lists.get(list), ...lists.get(more)])]),
  );
  /** The part of a log that a consumer does not ignore. */
  const viewOf = memoized((consumer: number, list: number): readonly number[] =>
    lists.get(list).filter((event) => !decisions.isIgnored(consumers[consumer]!.service, event)),
  );
  const logOf = memoized((list: number) => at.logs + topics.indexOf(decisions.events.get(lists.get(list)[0]!).type));
  const rules = createRules(decisions);

  type Part = (where: number) => number;
  const isIdle = (part: Part, consumer: number): boolean =>
    part(at.inFlight + consumer) === none &&
    part(at.positions + consumer) === viewOf(consumer, part(at.logs + consumers[consumer]!.log)).length;
  const areOthersIdle = (part: Part): boolean =>
    part(at.formerOwner) === none &&
    decisions.timer(part(at.shipment)) === null &&
    others.every((consumer) => isIdle(part, consumer));
  const isPipelineIdle = (part: Part): boolean =>
    part(at.cancelling) === 0 && areOthersIdle(part) && orders.every((consumer) => isIdle(part, consumer));

  /** Events that the log holds already need no publish, because it would change nothing. */
  const stored = (next: number[], slot: number, consumer: number, event: number, events: number): void => {
    const isPublished = events === noEvents || union(next[logOf(events)]!, events) === next[logOf(events)];
    next[slot] = isPublished ? none : inFlightId(consumer, event, 2, 0, 0, events);
  };

  const process = (next: number[], slot: number, consumer: number, event: number): void => {
    const { service } = consumers[consumer]!;
    const where = documentOf[service];
    const result: Outcome | 'charge' | 'void' = decisions[service](next[where]!, event);
    if (typeof result === 'string') {
      next[slot] = inFlightId(consumer, event, 0, next[where]!, 0, 0);
      return;
    }
    next[where] = result.document;
    stored(next, slot, consumer, event, result.events);
  };

  const publish = (next: number[], events: number): void => {
    next[logOf(events)] = union(next[logOf(events)]!, events);
  };

  /** A state and its event in one write; the relay publishes the event, and consumers read it, at any later time. */
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
        next[at.error] = errors.id(`a decision threw: ${(error as Error).message}`);
      }
      const after = String.fromCharCode(...next);
      if (after !== state) found.push({ label, state: after, disturbs });
    };

    const advance = (slot: number, member: string): void => {
      const { consumer, event, phase, read, document, events } = inFlight.get(s[slot]!)!;
      const subject = `${member}, ${describe(event)}:`;
      if (phase === 'read') {
        add(`${subject} the gateway responds`, (next) => {
          const after = decisions.gateway(read, event, next[at.ledger]!);
          next[at.ledger] = after.ledger;
          next[slot] = inFlightId(consumer, event, 1, read, after.document, after.events);
        });
        const lose = (next: number[]): void =>
          void (next[at.ledger] = decisions.gateway(read, event, next[at.ledger]!).ledger);
        add(`${subject} the gateway executes the call, its response is lost`, lose, true);
      } else if (phase === 'called' && s[at.payment] === read) {
        add(`${subject} stored`, (next) => {
          next[at.payment] = document;
          stored(next, slot, consumer, event, events);
        });
      } else if (phase === 'called') {
        add(`${subject} has a conflict, decides again`, (next) => process(next, slot, consumer, event));
      } else {
        add(`${subject} publishes ${lists.get(events).map(describe).join(', ')}`, (next) => {
          publish(next, events);
          next[slot] = none;
        });
      }
    };

    const consume = (consumer: number): void => {
      const { service, log } = consumers[consumer]!;
      const position = s[at.positions + consumer]!;
      const view = viewOf(consumer, s[at.logs + log]!);
      const slot = at.inFlight + consumer;
      const deadLetter = (event: number, nextPosition: number): void => {
        if (!mayDeadLetter) return;
        const change = (next: number[]): void => {
          next[slot] = none;
          next[at.positions + consumer] = nextPosition;
          next[at.deadLetters] = deadLetters.with(next[at.deadLetters]!, consumer, event);
        };
        add(`${service} dead-letters ${describe(event)}`, change, true);
      };
      const current = inFlight.get(s[slot]!);
      if (current) {
        advance(slot, service);
        if (current.phase !== 'stored') deadLetter(current.event, position);
      } else {
        if (position < view.length) {
          const event = view[position]!;
          add(`${service} reads ${describe(event)}`, (next) => {
            next[at.positions + consumer] = position + 1;
            process(next, slot, consumer, event);
          });
          deadLetter(event, position + 1);
        }
        for (const [index, dead] of deadLetters.get(s[at.deadLetters]!).entries()) {
          if (dead.consumer !== consumer) continue;
          add(`${service} reads ${describe(dead.event)}, redriven`, (next) => {
            next[at.deadLetters] = deadLetters.without(next[at.deadLetters]!, index);
            process(next, slot, consumer, dead.event);
          });
        }
      }
      if (s[at.formerOwner] !== none || service === 'order') return;
      for (const event of view.slice(0, position + 1)) {
        add(
          `a former owner of ${service} reads ${describe(event)}`,
          (next) => process(next, at.formerOwner, consumer, event),
          true,
        );
      }
    };

    if (s[at.cancelling] === 1 || areOthersIdle((where) => s[where]!)) orders.forEach(consume);
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
    if (s[at.formerOwner] !== none) {
      advance(at.formerOwner, 'the former owner');
      add('the former owner is killed', (next) => (next[at.formerOwner] = none));
    }
    add('the timer fires', (next) => {
      const shipped = decisions.timer(next[at.shipment]!);
      if (shipped) storeWithEvent(next, at.shipment, shipped);
    });
    return found;
  };

  const ofLog = memoized((list: number): string => rules.violationOfLog(lists.get(list)) ?? '');
  const ofTransition = memoized((from: number, to: number): string => rules.violationOfTransition(from, to) ?? '');
  const ofLedgerAndStock = memoized(
    (ledger: number, stock: number): string => rules.violationOfLedgerAndStock({ ledger, stock }) ?? '',
  );

  const violationOf = (state: string, before: string): string | undefined => {
    const part = (where: number): number => state.charCodeAt(where);
    const [order, ledger, stock, shipment] = [part(at.order), part(at.ledger), part(at.inventory), part(at.shipment)];
    let violation =
      errors.get(part(at.error)) || ofTransition(before.charCodeAt(at.order), order) || ofLedgerAndStock(ledger, stock);
    for (let log = at.logs; violation === '' && log < at.positions; log += 1) violation = ofLog(part(log));
    if (violation !== '') return violation;
    if (!isPipelineIdle(part)) return undefined;
    const missing = deadLetters.get(part(at.deadLetters)).map(({ event }) => event);
    return rules.violationWhenIdle({ order, ledger, stock, shipment }, missing);
  };

  const { initial } = decisions;
  const first: number[] = [];
  first[at.order] = initial.order;
  first[at.payment] = initial.payment;
  first[at.ledger] = initial.ledger;
  first[at.inventory] = initial.stock;
  first[at.shipment] = initial.shipment;
  for (const flag of [at.error, at.cancelling, at.formerOwner]) first[flag] = 0;
  first[at.deadLetters] = deadLetters.empty;
  for (const log of topics.keys()) first[at.logs + log] = noEvents;
  for (const consumer of consumers.keys()) first[at.positions + consumer] = first[at.inFlight + consumer] = none;
  publish(first, initial.events);
  return { initial: String.fromCharCode(...first), maxDisturbances, steps, violationOf };
}
