/** Settings of a service, beside those that every process has. */
import { z } from 'zod';
import { commonSettings, decimal, durationMs, flag, integer, setting, type Setting } from '@order-pipeline/runtime';

const path = (description: string) => z.string().optional().describe(description);

const endpoint = (description: string) =>
  setting('an http:// or https:// address', (text) =>
    /^https?:\/\//u.test(text) && URL.canParse(text) ? text : undefined,
  )
    .optional()
    .describe(description);

/** Some of OpenTelemetry's own variables; its SDK reads the others (OTEL_BSP_…, OTEL_RESOURCE_ATTRIBUTES, …) itself. */
const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint('Collector that receives traces by OTLP over HTTP; unset, tracing is off'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint(
    'The same as a complete address, such as http://localhost:4318/v1/traces',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf', 'http/json'])
    .default('http/protobuf')
    .describe('Protocol of the collector'),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).default('otlp').describe('none turns tracing off'),
  OTEL_SDK_DISABLED: flag({ default: false }).describe('Turns tracing off'),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on')
    .describe('Which orders are traced; parentbased follows a caller that traces'),
  OTEL_TRACES_SAMPLER_ARG: decimal({ min: 0, max: 1, default: 1 }).describe(
    'Share of orders that the ratio samplers trace',
  ),
};

export const pipelineSettings = {
  ...commonSettings,
  KAFKA_TLS: flag({ default: false }).describe('Connect to Kafka with TLS; KAFKA_CA_FILE implies it'),
  KAFKA_CA_FILE: path("PEM file, or folder of *.crt files, with the authorities of Kafka's certificates"),
  KAFKA_PASSWORD_FILE: path('File with the password for Kafka, read for each connection; unset, there is no login'),
  KAFKA_USERNAME: z
    .string()
    .optional()
    .meta({ description: 'Login name for Kafka', defaultText: 'the consumer group' }),
  KAFKA_SASL_MECHANISM: z
    .enum(['scram-sha-512', 'scram-sha-256', 'plain'])
    .default('scram-sha-512')
    .describe('SASL mechanism of the login for Kafka'),
  MONGODB_URI_FILE: path('File with the connection string, instead of MONGODB_URI; a change is followed'),
  MONGODB_CA_FILE: path("PEM file, or folder of *.crt files, with the authorities of MongoDB's certificates"),
  KAFKA_SESSION_TIMEOUT_MS: durationMs({ min: 6_000, max: 300_000, default: 10_000 }).describe(
    'Milliseconds without a heartbeat after which the group removes a consumer',
  ),
  CONSUMER_MAX_BATCH: integer({ min: 1, max: 10_000, default: 1_000 }).meta({
    description: 'Most events in one batch',
    formerName: 'CONSUMER_MAX_CHUNK',
  }),
  CONSUMER_MAX_ATTEMPTS: integer({ min: 1, max: 100, default: 3 }).describe(
    'Attempts at an event that fails on its own, before it is dead-lettered',
  ),
  HTTP_MAX_IN_FLIGHT: integer({ min: 0, max: 100_000, default: 2_000 }).describe(
    'Concurrent requests, above which the response is 503; 0 sets no limit',
  ),
  HTTP_BODY_LIMIT_BYTES: integer({ min: 1_024, max: 10_485_760, default: 102_400 }).describe(
    'Largest request body in bytes',
  ),
  ...tracingSettings,
};

export type ServiceConfig = z.output<z.ZodObject<typeof pipelineSettings>>;

/** Settings of simulated work, `<PREFIX>_WORK_MS` and `<PREFIX>_CONCURRENCY`. */
export const simulatedWorkSettings = <Prefix extends string>(prefix: Prefix) =>
  ({
    [`${prefix}_WORK_MS`]: durationMs({ max: 60_000, default: 0 }).describe('Simulated work per event in milliseconds'),
    [`${prefix}_CONCURRENCY`]: integer({ min: 1, max: 1_000, default: 1 }).describe(
      'Events whose simulated work runs at the same time',
    ),
  }) as { readonly [Name in `${Prefix}_${'WORK_MS' | 'CONCURRENCY'}`]: Setting<number> };

/** Settings of a service with an outbox. */
export const outboxSettings = {
  OUTBOX_SWEEP_AFTER_MS: durationMs({ min: 100, default: 5_000 }).describe(
    'Age in milliseconds at which the sweep publishes an event that is still in the outbox',
  ),
};
