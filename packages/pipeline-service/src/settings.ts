/** Settings of a service that consumes from Kafka, beside those that every service has. */
import { commonSettings, durationMs, integer } from '@order-pipeline/service-host';

export const pipelineSettings = {
  ...commonSettings,
  KAFKA_SESSION_TIMEOUT_MS: durationMs({ min: 6_000, max: 300_000, default: 10_000 }).describe(
    'Milliseconds without a heartbeat after which the group takes a consumer for dead',
  ),
  CONSUMER_MAX_CHUNK: integer({ min: 1, max: 10_000, default: 500 }).describe(
    'Most events that are worked off together',
  ),
  CONSUMER_MAX_ATTEMPTS: integer({ min: 1, max: 100, default: 3 }).describe(
    'Tries of an event that fails alone, before it goes to the dead-letter queue',
  ),
  HTTP_MAX_IN_FLIGHT: integer({ min: 0, max: 100_000, default: 2_000 }).describe(
    'Requests at once, above which the answer is 503; 0 sets no limit',
  ),
  HTTP_BODY_LIMIT_BYTES: integer({ min: 1_024, max: 10_485_760, default: 102_400 }).describe('Largest body in bytes'),
};
