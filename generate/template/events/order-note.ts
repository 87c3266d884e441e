import { z } from 'zod';
import { fact } from '../../../packages/events/src/fields.ts';
import { sampleFact, type SamplesOf } from '../../../packages/events/src/sample-order.ts';

export const schemas = {
  order_cancelled: z.object({ ...fact, status: z.literal('CANCELLING') }),
} as const;

export const summaries = {
  order_cancelled: 'The order-note service acted on an order.',
} as const satisfies Record<keyof typeof schemas, string>;

export const samples = (orderId: string) =>
  ({
    order_cancelled: { type: 'order_cancelled', data: { ...sampleFact(orderId, 7), status: 'CANCELLING' } },
  }) as const satisfies SamplesOf<typeof schemas>;
