import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { outboxSettings, pipelineSettings, simulatedWorkSettings } from '@order-pipeline/service';
import { durationMs, port } from '@order-pipeline/runtime';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.shipment.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  SHIPMENT_PROCESSING_MS: durationMs({ max: 30 * 86_400_000, default: 0 }).describe(
    'Milliseconds that a parcel is PROCESSING before it is SHIPPED; 0 ships at once',
  ),
  SHIPMENT_TIMER_POLL_MS: durationMs({ min: 10, max: 60_000, default: 200 }).describe(
    'Milliseconds between checks for parcels that are due',
  ),
  ...outboxSettings,
  ...simulatedWorkSettings('SHIPMENT'),
});

export type ShipmentConfig = z.output<typeof settings>;
