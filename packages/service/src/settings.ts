/** Settings of a service that consumes from Kafka, beside those that every service has. */
import { z } from 'zod';
import { commonSettings, decimal, durationMs, flag, integer, setting } from '@order-pipeline/runtime';

const path = (description: string) => z.string().optional().describe(description);

const endpoint = (description: string) =>
  setting('an http:// or https:// address', (text) =>
    /^https?:\/\//u.test(text) && URL.canParse(text) ? text : undefined,
  )
    .optional()
    .describe(description);

/** Some of OpenTelemetry's own; the others (OTEL_BSP_…, OTEL_RESOURCE_ATTRIBUTES, …) its SDK reads for itself. */
const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint('Collector that traces go to by OTLP over HTTP; unset, nothing is traced'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint('The same as a whole address, such as http://localhost:4318/v1/traces'),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf', 'http/json'])
    .default('http/protobuf')
    .describe('How the collector is spoken to'),
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
    .describe('Which orders are traced; parentbased leaves it to a caller who traces'),
  OTEL_TRACES_SAMPLER_ARG: decimal({ min: 0, max: 1, default: 1 }).describe(
    'Share of orders for the samplers by ratio',
  ),
};

export const pipelineSettings = {
  ...commonSettings,
  KAFKA_TLS: flag({ default: false }).describe('Speak TLS to Kafka; KAFKA_CA_FILE alone says so too'),
  KAFKA_CA_FILE: path('PEM file, or folder of *.crt files, of the authorities that Kafka is checked against'),
  KAFKA_PASSWORD_FILE: path('File with the password for Kafka; unset, there is no login. Read for each connection'),
  KAFKA_USERNAME: z
    .string()
    .optional()
    .meta({ description: 'Login name for Kafka', defaultText: 'the consumer group' }),
  KAFKA_SASL_MECHANISM: z
    .enum(['scram-sha-512', 'scram-sha-256', 'plain'])
    .default('scram-sha-512')
    .describe('How the login for Kafka is proven'),
  MONGODB_URI_FILE: path('File with the connection string, instead of MONGODB_URI. Followed when it changes'),
  MONGODB_CA_FILE: path('PEM file, or folder of *.crt files, of the authorities that MongoDB is checked against'),
  KAFKA_SESSION_TIMEOUT_MS: durationMs({ min: 6_000, max: 300_000, default: 10_000 }).describe(
    'Milliseconds without a heartbeat after which the group takes a consumer for dead',
  ),
  CONSUMER_MAX_BATCH: integer({ min: 1, max: 10_000, default: 1_000 }).meta({
    description: 'Most events in one batch',
    formerName: 'CONSUMER_MAX_CHUNK',
  }),
  CONSUMER_MAX_ATTEMPTS: integer({ min: 1, max: 100, default: 3 }).describe(
    'Tries of an event that fails alone, before it goes to the dead-letter queue',
  ),
  HTTP_MAX_IN_FLIGHT: integer({ min: 0, max: 100_000, default: 2_000 }).describe(
    'Requests at once, above which the answer is 503; 0 sets no limit',
  ),
  HTTP_BODY_LIMIT_BYTES: integer({ min: 1_024, max: 10_485_760, default: 102_400 }).describe('Largest body in bytes'),
  ...tracingSettings,
};

export type ServiceConfig = z.output<z.ZodObject<typeof pipelineSettings>>;
