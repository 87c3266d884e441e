import { z } from 'zod';
import { amountMinor, currencyCode, fact, order, reason } from '../fields.ts';
import { currency, totalMinor } from '../money.ts';
import { sampleFact, sampleOrder, type SamplesOf } from '../sample-order.ts';

const payment = { amount_minor: amountMinor, currency: currencyCode };

export const schemas = {
  payment_processed: z.discriminatedUnion('status', [
    z.object({ ...fact, status: z.literal('COMPLETED'), ...payment, ...order }),
    z.object({ ...fact, status: z.literal('DECLINED'), ...payment, reason }),
    z.object({ ...fact, status: z.literal('REFUNDED'), ...payment, reason }),
  ]),
} as const;

export const summaries = {
  payment_processed: 'An order was charged, refused, or refunded.',
} as const satisfies Record<keyof typeof schemas, string>;

const amount = { amount_minor: totalMinor(sampleOrder.items), currency };

export const samples = (orderId: string) =>
  ({
    paid: {
      type: 'payment_processed',
      data: { ...sampleFact(orderId, 1), status: 'COMPLETED', ...amount, ...sampleOrder },
    },
    declined: {
      type: 'payment_processed',
      data: { ...sampleFact(orderId, 1), status: 'DECLINED', ...amount, reason: 'CUSTOMER_DECLINED' },
    },
    refunded: {
      type: 'payment_processed',
      data: { ...sampleFact(orderId, 3), status: 'REFUNDED', ...amount, reason: 'INSUFFICIENT_STOCK' },
    },
  }) as const satisfies SamplesOf<typeof schemas>;
