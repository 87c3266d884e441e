import { expect, test } from '@jest/globals';
import { stepsOf } from './order-page.ts';
import type { Step } from './step.ts';

const orderId = '01a20551-940f-7c05-bd10-9b6f711724d1';
const declined: Step = {
  _id: `${orderId}:payment_processed:DECLINED`,
  seq: 7,
  order_id: orderId,
  type: 'payment_processed',
  partition: 3,
  offset: 12,
  time: new Date('2026-01-01T00:00:00.020Z'),
  seen_at: new Date('2026-01-01T00:00:00.100Z'),
  data: {
    order_id: orderId,
    status: 'DECLINED',
    timestamp: '2026-01-01T00:00:00.020Z',
    amount_minor: 100,
    currency: 'USD',
    reason: 'CUSTOMER_DECLINED',
  },
};
const timelineStep = (state: string, topic: string, time: string) => ({
  state,
  topic,
  time,
  partition: null,
  offset: null,
});

test('steps that the dashboard no longer keeps come from the timeline of the order service', () => {
  const steps = stepsOf(
    [declined],
    [
      timelineStep('PENDING', 'order_placed', '2026-01-01T00:00:00.000Z'),
      timelineStep('PAYMENT_DECLINED', 'payment_processed', '2026-01-01T00:00:00.02Z'),
    ],
  );
  expect(steps).toMatchObject([
    { seq: null, type: 'order_placed', status: 'PENDING', data: null },
    { seq: 7, type: 'payment_processed', status: 'DECLINED', partition: 3, offset: '12' },
  ]);
});

test('a step from the timeline has the status of its event', () => {
  const [step] = stepsOf([], [timelineStep('REFUNDING', 'inventory_updated', '2026-01-01T00:00:00.000Z')]);
  expect(step).toMatchObject({ type: 'inventory_updated', status: 'REJECTED' });
});

test('a step of a newer release keeps its state', () => {
  const [step] = stepsOf([], [timelineStep('POSTPONED', 'payment_processed', '2026-01-01T00:00:00.000Z')]);
  expect(step).toMatchObject({ status: 'POSTPONED' });
});
