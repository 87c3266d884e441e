import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { pipelineSettings, simulatedWorkSettings } from '@order-pipeline/service';
import { operatorToken } from '@order-pipeline/http';
import { port } from '@order-pipeline/runtime';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.inventory.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  OPERATOR_TOKEN: operatorToken,
  ...simulatedWorkSettings('INVENTORY'),
});

export type InventoryConfig = z.output<typeof settings>;
