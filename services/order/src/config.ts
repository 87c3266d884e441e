import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { outboxSettings, pipelineSettings, simulatedWorkSettings } from '@order-pipeline/service';
import { durationMs, integer, port } from '@order-pipeline/runtime';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.order.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  ORDER_ACCEPT_TIMEOUT_MS: durationMs({ min: 100, max: 30_000, default: 5_000 }).describe(
    'Milliseconds in which MongoDB must confirm an order, before POST /orders responds 503',
  ),
  OUTBOX_MAX_PENDING: integer({ min: 1, max: 100_000_000, default: 100_000 }).describe(
    'Orders with unpublished events, from which on POST /orders responds 503',
  ),
  ...outboxSettings,
  ORDER_STUCK_AFTER_MS: durationMs({ min: 1_000, default: 60_000 }).describe(
    'Milliseconds without progress after which an order that is not final counts as stuck',
  ),
  ORDER_STUCK_CHECK_MS: durationMs({ min: 100, default: 15_000 }).describe(
    'Milliseconds between checks for stuck orders',
  ),
  ...simulatedWorkSettings('ORDER'),
});

export type OrderConfig = z.output<typeof settings>;
