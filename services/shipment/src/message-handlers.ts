import { randomBytes, randomUUID } from 'node:crypto';
import type { Handler } from '@order-pipeline/kafka';
import { foldBatch } from '@order-pipeline/mongo';
import { decide, type Shipment } from './shipment.ts';
import type { ShipmentRepository } from './shipment-repository.ts';

export const createShipmentHandler =
  ({ store }: Pick<ShipmentRepository, 'store'>, { processingMs }: { processingMs: number }): Handler =>
  (events) =>
    foldBatch<Shipment>(events, {
      store,
      decide: (shipment, { event }) =>
        decide(shipment, event, {
          now: new Date(),
          shipmentId: randomUUID(),
          trackingDigits: randomBytes(4).toString('hex').toUpperCase(),
          processingMs,
        }),
    });
