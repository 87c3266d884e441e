import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  awaitedStep,
  canReach,
  causesOf,
  factOfTimelineState,
  facts,
  finalStates,
  inTimelineOrder,
  isCancellable,
  isFact,
  isFinal,
  openStates,
  orderStates,
  rankOf,
  stateOf,
  timelineState,
  transitions,
  type Fact,
  type OrderState,
} from './order-lifecycle.ts';
import { services, type ServiceEntry } from './registry.ts';
import { sampleEvents } from './sample-events.ts';
import { factOf, type PipelineEvent } from './schemas.ts';

const entryOf = (name: keyof typeof services): ServiceEntry => services[name];
const topicOf = (fact: string): string => fact.slice(0, fact.indexOf(':'));

describe('the transitions', () => {
  test('lead to known states, and never back', () => {
    for (const [from, nexts] of Object.entries(transitions)) {
      for (const next of nexts) {
        expect(orderStates).toContain(next);
        expect([from, next, canReach(next, from as OrderState)]).toEqual([from, next, false]);
      }
    }
  });

  test('lead from PENDING to every state, and from every open state to a final one', () => {
    for (const state of orderStates) expect([state, canReach('PENDING', state)]).toEqual([state, true]);
    for (const state of openStates) expect(finalStates.some((final) => canReach(state, final))).toBe(true);
  });

  test('leave no final state', () => {
    expect(finalStates).toEqual(['SHIPPED', 'PAYMENT_DECLINED', 'REFUNDED', 'CANCELLED']);
    expect(openStates).toEqual(['PENDING', 'PAID', 'RESERVED', 'REFUNDING', 'CANCELLING']);
    for (const final of finalStates) {
      expect(isFinal(final)).toBe(true);
      expect(orderStates.filter((state) => canReach(final, state))).toEqual([final]);
    }
  });

  test('allow a cancellation until the parcel has left or the payment is refunded', () => {
    expect(orderStates.filter(isCancellable)).toEqual(['PENDING', 'PAID', 'RESERVED']);
  });
});

describe('the facts', () => {
  test('are those that the events of the services on its path state', () => {
    const onPath = new Set(Object.values<ServiceEntry>(services).flatMap(({ produces }) => produces));
    const events = Object.values<PipelineEvent>(sampleEvents()).filter(({ type }) => onPath.has(type));
    expect(facts.toSorted()).toEqual([...new Set(events.map(factOf))].toSorted());
    expect(isFact('payment_processed:POSTPONED')).toBe(false);
    expect(isFact('toString')).toBe(false);
  });

  test('rank below each of their causes', () => {
    for (const fact of facts) {
      for (const cause of causesOf(fact))
        expect([fact, cause, rankOf(cause) < rankOf(fact)]).toEqual([fact, cause, true]);
    }
  });

  test('are caused by a record that the publishing service consumes, or by a request', () => {
    const caused = facts.filter((fact) => causesOf(fact).length > 0);
    expect(facts.filter((fact) => !caused.includes(fact))).toEqual([
      'order_placed:PENDING',
      'order_cancelled:CANCELLING',
    ]);
    for (const fact of caused) {
      const publisher = Object.values<ServiceEntry>(services).find(({ produces }) =>
        produces.some((topic) => topic === topicOf(fact)),
      );
      expect(publisher?.consumes).toEqual(expect.arrayContaining(causesOf(fact).map(topicOf)));
    }
  });

  test('have a name of their own each in the timeline', () => {
    expect(facts.map((fact) => factOfTimelineState(timelineState(fact)))).toEqual(facts);
    expect(factOfTimelineState('POSTPONED')).toBeUndefined();
  });
});

describe('the state', () => {
  test.each<[OrderState, Fact[]]>([
    ['PENDING', ['order_placed:PENDING']],
    ['PAID', ['payment_processed:COMPLETED']],
    ['RESERVED', ['payment_processed:COMPLETED', 'inventory_updated:RESERVED']],
    ['SHIPPED', ['payment_processed:COMPLETED', 'inventory_updated:RESERVED', 'shipment_processed:SHIPPED']],
    ['PAYMENT_DECLINED', ['payment_processed:DECLINED']],
    ['REFUNDING', ['payment_processed:COMPLETED', 'inventory_updated:REJECTED']],
    ['REFUNDED', ['payment_processed:COMPLETED', 'inventory_updated:REJECTED', 'payment_processed:REFUNDED']],
    ['CANCELLING', ['payment_processed:COMPLETED', 'order_cancelled:CANCELLING']],
    ['CANCELLING', ['payment_processed:COMPLETED', 'shipment_processed:CANCELLED']],
    ['CANCELLED', ['shipment_processed:CANCELLED', 'payment_processed:DECLINED']],
    ['CANCELLED', ['shipment_processed:CANCELLED', 'payment_processed:REFUNDED']],
  ])('%s follows from %j', (state, known) => {
    expect(stateOf(new Set(known))).toBe(state);
  });

  test('ignores facts of a newer release', () => {
    expect(stateOf(new Set(['order_placed:PENDING', 'parcel_tracked:SEEN']))).toBe('PENDING');
  });
});

describe('the awaited step', () => {
  const cancelled = new Set(['shipment_processed:CANCELLED']);

  test.each([
    ['PENDING', new Set<string>(), 'payment', 'order_placed:PENDING', 'payment_processed'],
    ['PAID', new Set<string>(), 'inventory', 'payment_processed:COMPLETED', 'inventory_updated'],
    ['RESERVED', new Set<string>(), 'shipment', 'inventory_updated:RESERVED', 'shipment_processed'],
    ['REFUNDING', new Set<string>(), 'payment', 'inventory_updated:REJECTED', 'payment_processed'],
    ['CANCELLING', new Set<string>(), 'shipment', 'order_cancelled:CANCELLING', 'shipment_processed'],
    ['CANCELLING', cancelled, 'payment', 'shipment_processed:CANCELLED', 'payment_processed'],
  ] as const)('of %s, with %p known, is that %s processes %s', (state, known, service, fact, outcomeTopic) => {
    expect(awaitedStep(state, known)).toEqual({ service, fact, topic: topicOf(fact), outcomeTopic });
  });

  test.each(openStates)(
    'of %s is a record that the service consumes, with an outcome that the order service consumes',
    (state) => {
      const { service, topic, outcomeTopic } = awaitedStep(state, new Set())!;
      expect(entryOf(service).consumes).toContain(topic);
      expect(entryOf(service).produces).toContain(outcomeTopic);
      expect(entryOf('order').consumes).toContain(outcomeTopic);
    },
  );

  test.each(finalStates)('of %s does not exist', (state) => {
    expect(awaitedStep(state, new Set())).toBeUndefined();
  });
});

describe('the timeline', () => {
  const at = (timeMs: number) => (fact: string) => ({ fact, timeMs });

  test('orders facts by the time at which they became true', () => {
    const steps = [
      at(30)('order_placed:PENDING'),
      at(10)('payment_processed:COMPLETED'),
      at(20)('parcel_tracked:SEEN'),
    ];
    expect(inTimelineOrder(steps, (step) => step).map(({ timeMs }) => timeMs)).toEqual([10, 20, 30]);
  });

  test('orders facts of the same millisecond by their causes, those of a newer release last', () => {
    expect(inTimelineOrder(['parcel_tracked:SEEN', ...facts.toReversed()], at(0))).toEqual([
      ...facts,
      'parcel_tracked:SEEN',
    ]);
  });
});

test('the module imports nothing at run time, so that a browser can load it', () => {
  const source = readFileSync(new URL('order-lifecycle.ts', import.meta.url), 'utf8');
  const imports = source.match(/^import .*$/gmu) ?? [];
  expect(imports.filter((line) => !line.startsWith('import type '))).toEqual([]);
  expect(source).not.toMatch(/\b(?:require|import)\(|Date\.now|process\./u);
});
