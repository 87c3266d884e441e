import { expect, test } from '@jest/globals';
import type { Step } from '../order/timeline.ts';
import { Steps } from './steps.ts';

const at = (ms: number) => new Date(Date.UTC(2025, 0, 1) + ms);
const step = (topic: string, status: string, ms: number, offset: string | null = '7'): Step => ({
  time: at(ms).toISOString(),
  topic,
  status,
  partition: offset === null ? null : 3,
  offset,
  published: offset !== null,
  reason: null,
});
const placed = step('order_placed', 'PENDING', 0);
const paid = step('payment_processed', 'COMPLETED', 40);

test('each step is shown once, with the time since the first', () => {
  const steps = new Steps();
  expect(steps.next([placed], at(1))).toEqual([
    '2025-01-01T00:00:00.000Z  +0 ms     order_placed        PENDING     3/7',
  ]);
  expect(steps.next([placed, paid], at(50))).toEqual([
    '2025-01-01T00:00:00.040Z  +40 ms    payment_processed   COMPLETED   3/7',
  ]);
  expect(steps.next([placed, paid], at(60))).toEqual([]);
  expect(steps.isComplete).toBe(true);
});

test('a step waits for its offset, and so do the steps after it', () => {
  const steps = new Steps();
  const unpublished = step('order_placed', 'PENDING', 0, null);
  expect(steps.next([unpublished, paid], at(50))).toEqual([]);
  expect(steps.isComplete).toBe(false);
  expect(steps.next([placed, paid], at(60))).toHaveLength(2);
  expect(steps.isComplete).toBe(true);
});

test('a step that stays unpublished is shown as not published', () => {
  const [line] = new Steps().next([step('order_placed', 'PENDING', 0, null)], at(2_001));
  expect(line).toMatch(/PENDING {5}not published yet$/u);
});
