/**
 * The edges that every service of the pipeline has, in the one order that is right: log and metrics, MongoDB, the
 * producer, the consumer, HTTP. They stop in reverse: no new requests, then the chunk in hand, then the connections.
 *
 * HTTP starts without waiting for the others, so probes are answered while MongoDB or Kafka is away. What needs MongoDB
 * (indexes, sample data, the relay, consuming) is prepared in the background, for as long as that takes.
 */
import type { z } from 'zod';
import type { ServiceEntry } from '@order-pipeline/events';
import {
  createGroupLagReader,
  createKafka,
  createMessagingMetrics,
  createPublisher,
  startConsumer,
  type GroupLagReader,
  type Handler,
  type Publisher,
  type RunningConsumer,
} from '@order-pipeline/kafka';
import { backoffMs, isOutage as isPipelineOutage, wait } from '@order-pipeline/resilience';
import { createMongo, isMongoOutage, type Mongo } from '@order-pipeline/mongo';
import { createApp, httpComponent, unavailable, type AppOptions, type Route } from '@order-pipeline/http';
import {
  createLifecycle,
  createLogger,
  createMetrics,
  Health,
  type Component,
  type Lifecycle,
  type Logger,
  type Registry,
} from '@order-pipeline/runtime';
import { kafkaSecurity, mongoAddress } from './mounted-secrets.ts';
import type { pipelineSettings } from './settings.ts';
import { addTraces } from './tracing.ts';

export type PipelineConfig = z.output<z.ZodObject<typeof pipelineSettings>>;

export interface PipelineService {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  readonly mongo: Mongo;
  /** For what packages/kafka builds on it. */
  readonly kafka: ReturnType<typeof createKafka>;
  readonly publisher: Publisher;
  /** How far a consumer group, of this service or another, is behind. */
  readonly lagReader: GroupLagReader;
  isOutage(error: unknown): boolean;
  /** A client of its own to another database of the same MongoDB. */
  openDatabase(name: string): Mongo;
  /** Adds a step that needs MongoDB; steps run in order once it is there, and again when an outage interrupts them. */
  prepare(step: () => Promise<unknown>): void;
  /** Throws a 503 while the service is still being prepared. */
  assertPrepared(): void;
  /** Adds a part that stops before the connections that it stands on. */
  add(component: Component): void;
  /** Joins the service's consumer group once everything is prepared. */
  consume(handler: Handler): void;
  /** Serves the routes beside the system's own; the last call of a composition. */
  serve(
    routes: readonly Route[],
    options?: Pick<AppOptions, 'helmet'>,
  ): { readonly url: string; readonly port: number };
}

const prepareBackoff = { firstMs: 100, maxMs: 2_000 };

export function createPipelineService(entry: ServiceEntry, config: PipelineConfig): PipelineService {
  const instance = config.INSTANCE_ID;
  const logger = createLogger({ service: entry.name, instance, level: config.LOG_LEVEL });
  const health = new Health();
  const lifecycle = createLifecycle({ logger, health, shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS });
  const traces = addTraces(entry, config, { lifecycle, logger });
  const registry = createMetrics(entry.name, { exemplars: traces !== undefined });
  const isOutage = (error: unknown): boolean => isPipelineOutage(error) || isMongoOutage(error);
  const messagingMetrics = createMessagingMetrics(registry);
  for (const topic of entry.produces) messagingMetrics.produced.inc({ topic }, 0);
  const kafka = createKafka(
    {
      brokers: config.KAFKA_BOOTSTRAP_SERVERS,
      clientId: `${entry.name}-${instance}`,
      ...kafkaSecurity(config, entry.consumerGroup),
    },
    logger,
  );
  const publisher = createPublisher(kafka, messagingMetrics, traces?.messages);

  const openDatabase = (name: string): Mongo => {
    const mongo = createMongo(mongoAddress(config), name, logger);
    lifecycle.add({ name: `MongoDB ${name}`, stop: mongo.stop });
    prepare(() => mongo.start(lifecycle.stopping));
    health.register(name, () => ({ status: mongo.isUp() ? 'up' : prepared ? 'down' : 'starting' }));
    return mongo;
  };

  const steps: (() => Promise<unknown>)[] = [];
  const prepare = (step: () => Promise<unknown>): void => void steps.push(step);
  let prepared = false;
  const runSteps = async (): Promise<void> => {
    for (let next = 0, attempt = 0; next < steps.length;) {
      try {
        await steps[next]!();
        next += 1;
        attempt = 0;
      } catch (error) {
        if (lifecycle.stopping.aborted) return;
        if (!isOutage(error)) throw error;
        await wait(backoffMs(prepareBackoff, attempt++), lifecycle.stopping);
      }
    }
    prepared = true;
  };

  const mongo = openDatabase(entry.database);
  const lagReader = createGroupLagReader(kafka);
  lifecycle.add({ name: 'producer', stop: publisher.stop });
  lifecycle.add({ name: 'lag reader', stop: lagReader.stop });

  return {
    logger,
    registry,
    lifecycle,
    mongo,
    kafka,
    publisher,
    lagReader,
    isOutage,
    openDatabase,
    prepare,
    assertPrepared() {
      if (!prepared) throw unavailable(`The ${entry.name} service is still starting`);
    },
    add: (component) => void lifecycle.add(component),
    consume(handler) {
      let consumer: RunningConsumer | undefined;
      prepare(async () => {
        consumer = startConsumer({
          kafka,
          consumerGroup: entry.consumerGroup,
          topics: entry.consumes,
          handler,
          publisher,
          isOutage,
          logger,
          metrics: messagingMetrics,
          lagReader,
          spans: traces?.messages,
          settings: {
            sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
            maxChunkSize: config.CONSUMER_MAX_BATCH,
            maxAttempts: config.CONSUMER_MAX_ATTEMPTS,
          },
          onFatal: (error) => lifecycle.fail(error),
        });
      });
      health.register('consumer', () => consumer?.health() ?? { status: 'starting', detail: 'waiting for MongoDB' });
      health.registerLiveness('consumer_loop', () => ({ status: consumer?.isAlive() === false ? 'down' : 'up' }));
      lifecycle.add({ name: 'consumer', stop: () => consumer?.stop() });
    },
    serve(routes, options) {
      const app = createApp({
        service: entry.name,
        instance,
        routes,
        ...options,
        health,
        metrics: registry,
        logger,
        spans: traces?.requests,
        isOutage,
        bodyLimitBytes: config.HTTP_BODY_LIMIT_BYTES,
        maxInFlight: config.HTTP_MAX_IN_FLIGHT,
      });
      let preparing: Promise<void> = Promise.resolve();
      lifecycle.add({
        name: 'preparation',
        start: () => void (preparing = runSteps().catch((error: unknown) => lifecycle.fail(error))),
        stop: () => preparing,
      });
      const { HOST: host, PORT: port, SHUTDOWN_LINGER_MS: lingerMs } = config;
      return lifecycle.add(httpComponent(app, { host, port, lingerMs }));
    },
  };
}
