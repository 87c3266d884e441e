import { z } from 'zod';
import { everyService } from '@order-pipeline/events';
import { port } from '@order-pipeline/runtime';
import { pipelineSettings } from '@order-pipeline/service';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(everyService.shipment.port).describe('TCP port of the HTTP server; 0 takes a free one'),
});

export type OrderNoteConfig = z.output<typeof settings>;
