import { describe, expect, test } from '@jest/globals';
import { causeOf, factOf, inOrder, stateAfter } from './steps.ts';

const step = (type: string, status: string, time: number) => ({ type, status, time });
const placed = step('order_placed', 'PENDING', 1);
const paid = step('payment_processed', 'COMPLETED', 4);
const rejected = step('inventory_updated', 'REJECTED', 6);
const refunded = step('payment_processed', 'REFUNDED', 9);

describe('the cause of a step', () => {
  test('is the step that it follows from, not the one before it in time', () => {
    const steps = [placed, paid, rejected, refunded];
    expect(steps.map((each) => causeOf(each, steps))).toEqual([undefined, placed, paid, rejected]);
  });

  test('is the cancelled shipment, for a refund after a cancellation', () => {
    const cancelled = step('shipment_processed', 'CANCELLED', 8);
    expect(causeOf(refunded, [placed, paid, cancelled, refunded])).toBe(cancelled);
  });
});

test('steps of the same millisecond are shown in the order in which they follow from each other', () => {
  const early = { ...paid, time: 1 };
  expect(inOrder([early, placed])).toEqual([placed, early]);
});

test('a step of a newer release changes no state', () => {
  const unknown = step('payment_processed', 'POSTPONED', 2);
  expect(factOf(unknown)).toBeUndefined();
  expect(stateAfter([placed, unknown, paid])).toBe('PAID');
});
