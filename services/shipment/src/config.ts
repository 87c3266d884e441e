import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { pipelineSettings } from '@order-pipeline/service';
import { durationMs, integer, port } from '@order-pipeline/runtime';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.shipment.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  SHIPMENT_PROCESSING_MS: durationMs({ max: 30 * 86_400_000, default: 0 }).describe(
    'Milliseconds that a parcel is PROCESSING before it is SHIPPED; 0 ships at once',
  ),
  SHIPMENT_TIMER_POLL_MS: durationMs({ min: 10, max: 60_000, default: 200 }).describe(
    'Milliseconds between looks for parcels whose time has come',
  ),
  OUTBOX_SWEEP_AFTER_MS: durationMs({ min: 100, default: 5_000 }).describe(
    'Age in milliseconds from which an unpublished event is taken for left behind',
  ),
  SHIPMENT_WORK_MS: durationMs({ max: 60_000, default: 0 }).describe('Simulated work per event in milliseconds'),
  SHIPMENT_CONCURRENCY: integer({ min: 1, max: 1_000, default: 1 }).describe(
    'Events whose simulated work goes on at once',
  ),
});

export type ShipmentConfig = z.output<typeof settings>;
