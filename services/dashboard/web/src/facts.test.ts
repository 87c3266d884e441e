import { describe, expect, test } from '@jest/globals';
import { eventSchemas } from '@order-pipeline/events';
import { judge, stateOfFact, transitions } from '../../../order/src/order.ts';
import { byTime, causeOf, facts, stateOf, standings } from './facts.ts';

const names = Object.keys(facts);

test('every fact of an order has its lane', () => {
  expect(names.toSorted()).toEqual(Object.keys(stateOfFact).toSorted());
  expect(new Set(names.map((name) => name.split(':')[0]))).toEqual(new Set(Object.keys(eventSchemas)));
});

describe('how an order stands', () => {
  test('is judged as the order service judges it, for every set of facts', () => {
    for (let chosen = 0; chosen < 2 ** names.length; chosen += 1) {
      const known = names.filter((_, bit) => (chosen >> bit) % 2 === 1);
      const record = Object.fromEntries(known.map((name) => [name, { time: '', topic: '' }]));
      expect({ known, state: stateOf((name) => known.includes(name)) }).toEqual({ known, state: judge(record) });
    }
  });

  test('has ended where no legal step leads on', () => {
    const ended = Object.entries(standings).filter(([, standing]) => standing.ended);
    const ends = Object.entries(transitions).filter(([, next]) => next.length === 0);
    expect(ended.map(([state]) => state).toSorted()).toEqual(ends.map(([state]) => state).toSorted());
  });
});

describe('what brought a step about', () => {
  const step = (type: string, status: string, time: number) => ({ type, status, time });
  const placed = step('order_placed', 'PENDING', 1);
  const paid = step('payment_processed', 'COMPLETED', 4);
  const rejected = step('inventory_updated', 'REJECTED', 6);
  const refunded = step('payment_processed', 'REFUNDED', 9);

  test('is the step that it follows from, and not the one before it in time', () => {
    const steps = [placed, paid, rejected, refunded];
    expect(steps.map((each) => causeOf(each, steps))).toEqual([undefined, placed, paid, rejected]);
  });

  test('of a refund after a cancellation is the stop of the shipment', () => {
    const stopped = step('shipment_processed', 'CANCELLED', 8);
    expect(causeOf(refunded, [placed, paid, stopped, refunded])).toBe(stopped);
  });

  test('steps of the same moment are told in the order in which they follow', () => {
    const early = { ...paid, time: 1 };
    expect([early, placed].toSorted(byTime)).toEqual([placed, early]);
  });
});
