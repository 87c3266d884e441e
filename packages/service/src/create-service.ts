/**
 * How a service is put together. A service states in one value what it consists of; the order in which its parts start
 * and stop is decided here, once for all services.
 *
 * Start: tracing and HTTP, which answers probes from the first moment; then, in the background and for as long as it
 * takes, MongoDB, the indexes, the components in their order, and the consumer. Stop: no new requests, then the batch in
 * flight, then the components in reverse, then the connections.
 */
import type { ServiceEntry } from '@order-pipeline/events';
import {
  createApp,
  httpComponent,
  unavailable,
  type AppOptions,
  type HttpServer,
  type Route,
} from '@order-pipeline/http';
import {
  createGroupLagReader,
  createKafka,
  createMessagingMetrics,
  createPublisher,
  type GroupLagReader,
  type Handler,
  type Publisher,
} from '@order-pipeline/kafka';
import { createMongo, type Mongo } from '@order-pipeline/mongo';
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
import { ConsumerComponent } from './consumer-component.ts';
import { kafkaSecurity, mongoAddress } from './mounted-secrets.ts';
import type { ServiceConfig } from './settings.ts';
import { Startup } from './startup.ts';
import { createTraces, type Traces } from './tracing.ts';

/** What a service's parts are built on. Nothing of it is connected yet. */
export interface ServiceEdges {
  readonly logger: Logger;
  readonly registry: Registry;
  /** The service's own database. */
  readonly mongo: Mongo;
  /** For what packages/kafka builds on it. */
  readonly kafka: ReturnType<typeof createKafka>;
  readonly publisher: Publisher;
  /** Reads the consumer lag of any group. */
  readonly lagReader: GroupLagReader;
  /** Aborted when the service begins to stop. */
  readonly stopping: AbortSignal;
  /** Throws a 503 until everything has started. */
  assertStarted(): void;
  /** Reports that a part can no longer work: the process drains and exits 1. */
  fail(error: unknown): void;
}

export interface ServiceComponent extends Component {
  /** `start` runs with HTTP's and not after MongoDB is connected. */
  readonly startsWithoutDatabase?: boolean;
}

/** What a service consists of. */
export interface ServiceParts {
  /** Databases beside the service's own, from `createDatabase`. */
  readonly databases?: readonly Mongo[];
  readonly createIndexes?: () => Promise<unknown>;
  /**
   * Start once MongoDB is connected, in this order, and stop in reverse. An outage during `start` has it called again.
   */
  readonly components?: readonly ServiceComponent[];
  /** For the topics that the registry names; required where it names any. */
  readonly handler?: Handler;
  /** Beside the system's own. */
  readonly routes: readonly Route[];
  /** Security headers of a service that serves pages. */
  readonly helmet?: AppOptions['helmet'];
}

export interface RunnableService {
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  /** Throws before the service has started. */
  readonly http: Pick<HttpServer, 'url' | 'port'>;
}

/** Another database of the MongoDB that the settings name. */
export const createDatabase = (name: string, config: ServiceConfig, { logger }: Pick<ServiceEdges, 'logger'>): Mongo =>
  createMongo(mongoAddress(config), name, logger);

/** Builds a service and starts nothing. Throws when its parts do not fit together. */
export function createService<Config extends ServiceConfig>(
  entry: ServiceEntry,
  config: Config,
  build: (edges: ServiceEdges, config: Config) => ServiceParts,
): RunnableService {
  const logger = createLogger({ service: entry.name, instance: config.INSTANCE_ID, level: config.LOG_LEVEL });
  const health = new Health();
  const lifecycle = createLifecycle({ logger, health, shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS });
  const startup = new Startup((error) => lifecycle.fail(error));
  const traces = createTraces(entry, config, logger);
  const registry = createMetrics(entry.name, { exemplars: traces !== undefined });
  const metrics = createMessagingMetrics(registry);
  for (const topic of entry.produces) metrics.produced.inc({ topic }, 0);
  const kafka = createKafka(
    {
      brokers: config.KAFKA_BOOTSTRAP_SERVERS,
      clientId: `${entry.name}-${config.INSTANCE_ID}`,
      ...kafkaSecurity(config, entry.consumerGroup),
    },
    logger,
  );
  const edges: ServiceEdges = {
    logger,
    registry,
    mongo: createDatabase(entry.database, config, { logger }),
    kafka,
    publisher: createPublisher(kafka, metrics, traces?.messages),
    lagReader: createGroupLagReader(kafka),
    stopping: lifecycle.stopping,
    assertStarted() {
      if (!startup.isDone) throw unavailable(`The ${entry.name} service is still starting`);
    },
    fail: (error) => lifecycle.fail(error),
  };
  const parts = build(edges, config);
  assertConsistent(entry, parts);
  const consumer =
    parts.handler &&
    new ConsumerComponent({ entry, config, handler: parts.handler, spans: traces?.messages, metrics, ...edges });
  const http = createHttp({ entry, config, health, traces, edges, parts });
  addInOrder({ lifecycle, health, startup, traces, edges, parts, consumer, http });
  return { logger, lifecycle, http };
}

function assertConsistent({ name, consumes }: ServiceEntry, { handler }: ServiceParts): void {
  if (handler && consumes.length === 0) {
    throw new Error(`The ${name} service has a handler, but the registry names no topic that it consumes`);
  }
  if (!handler && consumes.length > 0) {
    throw new Error(`The ${name} service consumes ${consumes.join(', ')}, but it has no handler`);
  }
}

interface HttpEdges {
  readonly entry: ServiceEntry;
  readonly config: ServiceConfig;
  readonly health: Health;
  readonly traces: Traces | undefined;
  readonly edges: ServiceEdges;
  readonly parts: ServiceParts;
}

function createHttp({ entry, config, health, traces, edges, parts: { routes, helmet } }: HttpEdges) {
  const app = createApp({
    service: entry.name,
    instance: config.INSTANCE_ID,
    routes,
    helmet,
    health,
    metrics: edges.registry,
    logger: edges.logger,
    spans: traces?.requests,
    bodyLimitBytes: config.HTTP_BODY_LIMIT_BYTES,
    maxInFlight: config.HTTP_MAX_IN_FLIGHT,
  });
  return httpComponent(app, { host: config.HOST, port: config.PORT, lingerMs: config.SHUTDOWN_LINGER_MS });
}

interface Assembly {
  readonly lifecycle: Lifecycle;
  readonly health: Health;
  readonly startup: Startup;
  readonly traces: Traces | undefined;
  readonly edges: ServiceEdges;
  readonly parts: ServiceParts;
  readonly consumer: ConsumerComponent | undefined;
  readonly http: Component;
}

/**
 * The lifecycle stops its components in reverse. Those that need MongoDB are started by the startup, the last but one of
 * them, and in the same order.
 */
function addInOrder({ lifecycle, health, startup, traces, edges, parts, consumer, http }: Assembly): void {
  const { databases = [], components = [], createIndexes } = parts;
  const addStartedLater = (component: Component): void => {
    lifecycle.add({ name: component.name, stop: () => component.stop?.() });
    startup.add((stopping) => component.start?.(stopping));
  };

  if (traces) lifecycle.add(traces.component);
  lifecycle.add({ name: 'producer', stop: () => edges.publisher.stop() });
  lifecycle.add({ name: 'lag reader', stop: () => edges.lagReader.stop() });
  for (const mongo of [edges.mongo, ...databases]) {
    addStartedLater({ name: `MongoDB ${mongo.database}`, start: mongo.start, stop: mongo.stop });
    health.register(mongo.database, () => ({ status: mongo.isUp() ? 'up' : startup.isDone ? 'down' : 'starting' }));
  }
  if (createIndexes) startup.add(createIndexes);
  for (const component of components) {
    if (component.startsWithoutDatabase) lifecycle.add(component);
    else addStartedLater(component);
  }
  if (consumer) {
    addStartedLater(consumer);
    health.register('consumer', () => consumer.health());
    health.registerLiveness('consumer_loop', () => ({ status: consumer.isAlive() ? 'up' : 'down' }));
  }
  lifecycle.add(startup);
  lifecycle.add(http);
}
