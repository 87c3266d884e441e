import { z } from 'zod';
import { fact, items, order, productIdSchema, reason } from '../fields.ts';
import { sampleFact, sampleOrder, type SamplesOf } from '../sample-order.ts';

export const schemas = {
  inventory_updated: z.discriminatedUnion('status', [
    z.object({ ...fact, status: z.literal('RESERVED'), ...order }),
    z.object({ ...fact, status: z.literal('REJECTED'), reason, product_id: productIdSchema.optional() }),
    z.object({ ...fact, status: z.literal('RELEASED'), items }),
  ]),
} as const;

export const summaries = {
  inventory_updated: 'The stock of an order was reserved, refused, or put back.',
} as const satisfies Record<keyof typeof schemas, string>;

export const samples = (orderId: string) =>
  ({
    reserved: { type: 'inventory_updated', data: { ...sampleFact(orderId, 2), status: 'RESERVED', ...sampleOrder } },
    rejected: {
      type: 'inventory_updated',
      data: { ...sampleFact(orderId, 2), status: 'REJECTED', reason: 'INSUFFICIENT_STOCK', product_id: 'P001' },
    },
    released: {
      type: 'inventory_updated',
      data: { ...sampleFact(orderId, 6), status: 'RELEASED', items: sampleOrder.items },
    },
  }) as const satisfies SamplesOf<typeof schemas>;
