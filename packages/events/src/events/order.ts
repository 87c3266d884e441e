import { z } from 'zod';
import { amountMinor, currencyCode, fact, order } from '../fields.ts';
import { currency, totalMinor } from '../money.ts';
import { sampleFact, sampleOrder, type SamplesOf } from '../sample-order.ts';

export const schemas = {
  order_placed: z.object({
    ...fact,
    status: z.literal('PENDING'),
    ...order,
    total_minor: amountMinor,
    currency: currencyCode,
  }),
  order_cancelled: z.object({ ...fact, status: z.literal('CANCELLING') }),
} as const;

export const summaries = {
  order_placed: 'An order was accepted.',
  order_cancelled: 'The customer asked to cancel; the shipment service decides.',
} as const satisfies Record<keyof typeof schemas, string>;

export const samples = (orderId: string) =>
  ({
    placed: {
      type: 'order_placed',
      data: {
        ...sampleFact(orderId, 0),
        status: 'PENDING',
        ...sampleOrder,
        total_minor: totalMinor(sampleOrder.items),
        currency,
      },
    },
    cancelling: { type: 'order_cancelled', data: { ...sampleFact(orderId, 4), status: 'CANCELLING' } },
  }) as const satisfies SamplesOf<typeof schemas>;
