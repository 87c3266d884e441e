import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { pipelineSettings } from '@order-pipeline/service';
import { operatorToken } from '@order-pipeline/http';
import { durationMs, integer, port } from '@order-pipeline/runtime';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.inventory.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  OPERATOR_TOKEN: operatorToken,
  INVENTORY_WORK_MS: durationMs({ max: 60_000, default: 0 }).describe('Simulated work per event in milliseconds'),
  INVENTORY_CONCURRENCY: integer({ min: 1, max: 1_000, default: 1 }).describe(
    'Events whose simulated work goes on at once',
  ),
});

export type InventoryConfig = z.output<typeof settings>;
