import { z } from 'zod';
import { fact } from '../fields.ts';
import { sampleFact, type SamplesOf } from '../sample-order.ts';

export const schemas = {
  shipment_processed: z.discriminatedUnion('status', [
    z.object({
      ...fact,
      status: z.literal('SHIPPED'),
      shipment_id: z.uuid(),
      tracking_number: z.string().regex(/^TRK-[0-9A-F]{8}$/u),
      estimated_delivery: z.iso.datetime(),
    }),
    z.object({ ...fact, status: z.literal('CANCELLED') }),
  ]),
} as const;

export const summaries = {
  shipment_processed: 'The parcel has left, or never will.',
} as const satisfies Record<keyof typeof schemas, string>;

export const samples = (orderId: string) =>
  ({
    shipped: {
      type: 'shipment_processed',
      data: {
        ...sampleFact(orderId, 3),
        status: 'SHIPPED',
        shipment_id: '6f1d0c2e-5b7a-4c3d-9e8f-001122334455',
        tracking_number: 'TRK-0A1B2C3D',
        estimated_delivery: '2024-05-21T12:00:02.000Z',
      },
    },
    shipmentCancelled: { type: 'shipment_processed', data: { ...sampleFact(orderId, 5), status: 'CANCELLED' } },
  }) as const satisfies SamplesOf<typeof schemas>;
