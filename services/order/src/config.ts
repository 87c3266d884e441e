import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { pipelineSettings } from '@order-pipeline/service';
import { durationMs, integer, port } from '@order-pipeline/runtime';

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.order.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  ORDER_ACCEPT_TIMEOUT_MS: durationMs({ min: 100, max: 30_000, default: 5_000 }).describe(
    'Milliseconds that POST /orders tries to confirm an order before it answers 503',
  ),
  OUTBOX_MAX_PENDING: integer({ min: 1, max: 100_000_000, default: 100_000 }).describe(
    'Orders with unpublished events, above which POST /orders answers 503',
  ),
  OUTBOX_SWEEP_AFTER_MS: durationMs({ min: 100, default: 5_000 }).describe(
    'Age in milliseconds from which an unpublished event is taken for left behind',
  ),
  ORDER_STUCK_AFTER_MS: durationMs({ min: 1_000, default: 60_000 }).describe(
    'Milliseconds without a move after which an open order counts as stuck',
  ),
  ORDER_STUCK_CHECK_MS: durationMs({ min: 100, default: 15_000 }).describe(
    'Milliseconds between looks for stuck orders',
  ),
  ORDER_WORK_MS: durationMs({ max: 60_000, default: 0 }).describe('Simulated work per event in milliseconds'),
  ORDER_CONCURRENCY: integer({ min: 1, max: 1_000, default: 1 }).describe(
    'Events whose simulated work goes on at once',
  ),
});

export type OrderConfig = z.output<typeof settings>;
