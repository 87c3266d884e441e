import { z } from 'zod';
import { orderIdSchema } from '@order-pipeline/events';
import { notFound, route, type Route } from '@order-pipeline/http';
import type { Shipment } from './shipment.ts';
import type { ShipmentRepository } from './shipment-repository.ts';

const shipmentSchema = z
  .object({
    shipment_id: z.uuid().nullable().describe('null when the order was cancelled before there was a parcel.'),
    order_id: z.uuid(),
    status: z.enum(['PROCESSING', 'SHIPPED', 'CANCELLED']),
    tracking_number: z.string().nullable(),
    created_at: z.iso.datetime(),
    estimated_delivery: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Shipment' });

const pageSchema = z
  .object({ items: z.array(shipmentSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'ShipmentPage' });

const shipmentView = ({ _id, status, parcel, created_at }: Shipment): z.output<typeof shipmentSchema> => ({
  shipment_id: parcel?.shipment_id ?? null,
  order_id: _id,
  status,
  tracking_number: parcel?.tracking_number ?? null,
  created_at: created_at.toISOString(),
  estimated_delivery: parcel?.estimated_delivery.toISOString() ?? null,
});

export function createShipmentRoutes(repository: ShipmentRepository): Route[] {
  const get = route({
    method: 'GET',
    path: '/shipments/{order_id}',
    operationId: 'getShipment',
    summary: 'The shipment of an order',
    params: z.object({ order_id: orderIdSchema }),
    responses: {
      200: { description: 'The shipment.', schema: shipmentSchema },
      404: { description: 'No shipment yet.' },
    },
    async handle({ params }) {
      const shipment = await repository.find(params.order_id);
      if (!shipment) throw notFound(`There is no shipment for the order ${params.order_id}`);
      return { status: 200, body: shipmentView(shipment) };
    },
  });

  const list = route({
    method: 'GET',
    path: '/shipments',
    operationId: 'listShipments',
    summary: 'Shipments, of the newest orders first',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      cursor: orderIdSchema.optional().describe('next_cursor of the page before.'),
    }),
    responses: { 200: { description: 'A page of shipments.', schema: pageSchema } },
    async handle({ query }) {
      const shipments = await repository.list({ after: query.cursor, limit: query.limit });
      const next = shipments.length === query.limit ? shipments.at(-1)!._id : null;
      return { status: 200, body: { items: shipments.map(shipmentView), next_cursor: next } };
    },
  });

  return [list, get];
}
