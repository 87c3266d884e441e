import { z } from 'zod';
import { orderIdSchema } from '@order-pipeline/events';
import { listRoute, notFound, route, type Route } from '@order-pipeline/http';
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

const shipmentView = ({ _id, status, parcel, created_at }: Shipment): z.output<typeof shipmentSchema> => ({
  shipment_id: parcel?.shipment_id ?? null,
  order_id: _id,
  status,
  tracking_number: parcel?.tracking_number ?? null,
  created_at: created_at.toISOString(),
  estimated_delivery: parcel?.estimated_delivery.toISOString() ?? null,
});

export const createShipmentRoutes = (repository: Pick<ShipmentRepository, 'find' | 'list'>): Route[] => [
  listRoute({
    path: '/shipments',
    operationId: 'listShipments',
    summary: 'List shipments, those of the newest orders first',
    page: { id: 'ShipmentPage', description: 'A page of shipments.' },
    item: shipmentSchema,
    key: orderIdSchema,
    read: (page) => repository.list(page),
    view: shipmentView,
  }),
  route({
    method: 'GET',
    path: '/shipments/{order_id}',
    operationId: 'getShipment',
    summary: 'Get the shipment of an order',
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
  }),
];
