/** Whatever the order of arrival: the facts of an order that are known move its state along legal transitions only. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { canReach, isCancellable, stateOf, transitions, type Fact, type OrderState } from './order-lifecycle.ts';

/** The facts that the other services can state about one order, in causal order, by how the order ends. */
const stories: Record<
  string,
  { readonly facts: readonly Fact[]; readonly isCancelled: boolean; readonly end: OrderState }
> = {
  shipped: {
    facts: ['payment_processed:COMPLETED', 'inventory_updated:RESERVED', 'shipment_processed:SHIPPED'],
    isCancelled: false,
    end: 'SHIPPED',
  },
  declined: { facts: ['payment_processed:DECLINED'], isCancelled: false, end: 'PAYMENT_DECLINED' },
  refunded: {
    facts: ['payment_processed:COMPLETED', 'inventory_updated:REJECTED', 'payment_processed:REFUNDED'],
    isCancelled: false,
    end: 'REFUNDED',
  },
  'cancelled too late': {
    facts: ['payment_processed:COMPLETED', 'inventory_updated:RESERVED', 'shipment_processed:SHIPPED'],
    isCancelled: true,
    end: 'SHIPPED',
  },
  'cancelled before its payment': {
    facts: ['shipment_processed:CANCELLED', 'payment_processed:DECLINED'],
    isCancelled: true,
    end: 'CANCELLED',
  },
  'cancelled before its reservation': {
    facts: [
      'payment_processed:COMPLETED',
      'shipment_processed:CANCELLED',
      'inventory_updated:REJECTED',
      'payment_processed:REFUNDED',
    ],
    isCancelled: true,
    end: 'CANCELLED',
  },
  'cancelled after its reservation': {
    facts: [
      'payment_processed:COMPLETED',
      'inventory_updated:RESERVED',
      'shipment_processed:CANCELLED',
      'payment_processed:REFUNDED',
      'inventory_updated:RELEASED',
    ],
    isCancelled: true,
    end: 'CANCELLED',
  },
};
const cases = Object.entries(stories);

/** The order service records its own facts before it publishes them: those of the others arrive afterwards. */
const ownFacts = (isCancelled: boolean): Fact[] => [
  'order_placed:PENDING',
  ...(isCancelled ? (['order_cancelled:CANCELLING'] as const) : []),
];

/** The facts in any order, each delivered once to four times. */
const deliveriesOf = (facts: readonly Fact[]): fc.Arbitrary<Fact[]> =>
  fc.array(fc.constantFrom(...facts), { maxLength: 3 * facts.length }).chain((repeated) => {
    const all = [...facts, ...repeated];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });

/** The states of an order as facts become known one after the other; the customer cancels before the n-th, if still possible. */
function statesAlong(known: Set<Fact>, delivered: readonly Fact[], cancelBefore?: number): OrderState[] {
  const states = [stateOf(known)];
  for (const [index, fact] of delivered.entries()) {
    if (index === cancelBefore && isCancellable(states.at(-1)!)) {
      known.add('order_cancelled:CANCELLING');
      states.push(stateOf(known));
    }
    known.add(fact);
    states.push(stateOf(known));
  }
  return states;
}

const movesIn = (states: readonly OrderState[]): [OrderState, OrderState][] =>
  states.slice(1).map((state, index): [OrderState, OrderState] => [states[index]!, state]);
const illegalMoves = (states: readonly OrderState[]) => movesIn(states).filter(([from, to]) => !canReach(from, to));

describe.each(cases)('an order that is %s', (_, { facts, isCancelled, end }) => {
  test('moves forward and ends the same, whatever the order of arrival', () => {
    fc.assert(
      fc.property(deliveriesOf(facts), (delivered) => {
        const states = statesAlong(new Set(ownFacts(isCancelled)), delivered);
        expect(illegalMoves(states)).toEqual([]);
        expect(states.at(-1)).toBe(end);
      }),
    );
  });

  test('moves forward when the customer cancels at any moment', () => {
    fc.assert(
      fc.property(deliveriesOf(facts), fc.nat({ max: 20 }), (delivered, cancelBefore) => {
        expect(illegalMoves(statesAlong(new Set(ownFacts(isCancelled)), delivered, cancelBefore))).toEqual([]);
      }),
    );
  });
});

test('every legal transition is taken by some order, and no other is, where facts arrive in causal order', () => {
  const histories = cases.flatMap(([, { facts, isCancelled }]) =>
    isCancelled
      ? [statesAlong(new Set(ownFacts(true)), facts)]
      : [undefined, ...facts.keys()].map((cancelBefore) => statesAlong(new Set(ownFacts(false)), facts, cancelBefore)),
  );
  const taken = histories.flatMap(movesIn).filter(([from, to]) => from !== to);
  const legal = Object.entries(transitions).flatMap(([from, nexts]) => nexts.map((to) => `${from} → ${to}`));
  expect([...new Set(taken.map(([from, to]) => `${from} → ${to}`))].toSorted()).toEqual(legal.toSorted());
});
