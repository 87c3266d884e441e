import { expect, test } from '@jest/globals';
import { stepsOf } from './order-page.ts';
import type { Step } from './step.ts';

const orderId = '01a20551-940f-7c05-bd10-9b6f711724d1';
const paid: Step = {
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
const told = (state: string, topic: string, time: string) => ({ state, topic, time, partition: null, offset: null });

test('what the dashboard no longer keeps is told as far as the order service knows it', () => {
  const steps = stepsOf(
    [paid],
    [
      told('PENDING', 'order_placed', '2026-01-01T00:00:00.000Z'),
      told('PAYMENT_DECLINED', 'payment_processed', '2026-01-01T00:00:00.02Z'),
    ],
  );
  expect(steps).toMatchObject([
    { seq: null, type: 'order_placed', status: 'PENDING', data: null },
    { seq: 7, type: 'payment_processed', status: 'DECLINED', partition: 3, offset: '12' },
  ]);
});
