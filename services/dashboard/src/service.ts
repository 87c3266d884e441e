/** How the dashboard is put together. */
import { actingServices, everyService, variablePrefix } from '@order-pipeline/events';
import { createGroupObserver, createOnDemandAdmin } from '@order-pipeline/kafka';
import { createService, type ServiceEdges, type ServiceParts } from '@order-pipeline/service';
import { Gauge } from '@order-pipeline/runtime';
import type { DashboardConfig } from './config.ts';
import { createScalerSource } from './consumer-scalers.ts';
import { createDeadLetterRoutes } from './dead-letter-routes.ts';
import { DeadLetterQueues } from './dead-letter-queues.ts';
import { createFeedRoutes } from './feed-routes.ts';
import { GroupMonitor } from './group-monitor.ts';
import { readHealthOverview } from './health-overview.ts';
import { createStepHandler } from './message-handlers.ts';
import { createOrderRoutes } from './order-routes.ts';
import { createPageRoutes, pageSecurity } from './page-routes.ts';
import { createServiceClient, type ServiceClients } from './service-client.ts';
import { createStatusRoutes } from './status-routes.ts';
import { StepFeed } from './step-feed.ts';
import { createStepRepository } from './step-repository.ts';

/** Of every service that acts, by its name. */
const serviceUrls = (config: DashboardConfig): Record<string, string> =>
  Object.fromEntries(actingServices.map(({ name }) => [name, config[`${variablePrefix(name)}_URL` as 'ORDER_URL']]));

function serviceClients(config: DashboardConfig): ServiceClients {
  const timeoutMs = config.DASHBOARD_SERVICE_TIMEOUT_MS;
  return {
    order: createServiceClient('order', config.ORDER_URL, timeoutMs),
    payment: createServiceClient('payment', config.PAYMENT_URL, timeoutMs),
    inventory: createServiceClient('inventory', config.INVENTORY_URL, timeoutMs),
    shipment: createServiceClient('shipment', config.SHIPMENT_URL, timeoutMs),
  };
}

function scalerSource({ KUBERNETES_API_URL: apiUrl, KUBERNETES_ACCESS_DIR: accessDir }: DashboardConfig) {
  return apiUrl === undefined ? undefined : createScalerSource({ apiUrl, accessDir });
}

const followerGauge = (feed: StepFeed): Gauge =>
  new Gauge({
    name: 'dashboard_feed_followers',
    help: 'Number of clients that follow the live feed of this replica.',
    registers: [],
    collect() {
      this.set(feed.followers);
    },
  });

function buildDashboard(edges: ServiceEdges, config: DashboardConfig): ServiceParts {
  const { kafka, logger, mongo, publisher, registry, stopping } = edges;
  const { DASHBOARD_MAX_STEPS: maxSteps, DASHBOARD_FEED_POLL_MS: pollMs, OPERATOR_TOKEN: operatorToken } = config;
  const repository = createStepRepository(mongo, { maxSteps });
  const feed = new StepFeed({
    repository,
    logger,
    pollMs,
    stopping,
  });
  const observer = createGroupObserver(kafka);
  const replicaSource = scalerSource(config);
  const entries = Object.values(everyService);
  const groups = new GroupMonitor({ observer, repository, entries, replicaSource, logger });
  const admin = createOnDemandAdmin(kafka);
  const queues = new DeadLetterQueues({ kafka, admin, publisher });
  const services = serviceUrls(config);
  const overview = () =>
    readHealthOverview({
      services,
      outboxes: ['order', 'shipment'],
      observer,
      pingMongo: repository.ping,
      auditMetricsUrl: config.AUDIT_METRICS_URL,
    });
  registry.registerMetric(followerGauge(feed));

  return {
    createIndexes: repository.createIndexes,
    components: [
      { name: 'group observer', stop: observer.stop },
      { name: 'dead-letter admin client', stop: admin.stop },
      {
        name: 'group monitor',
        startsWithoutDatabase: true,
        start: () => groups.start(),
        stop: () => groups.stop(),
      },
    ],
    handler: createStepHandler(repository),
    routes: [
      ...createFeedRoutes(feed),
      ...createOrderRoutes({ clients: serviceClients(config), repository, traceUrl: config.TRACE_URL }),
      ...createStatusRoutes({ groups, overview, requiresToken: operatorToken !== undefined }),
      ...createDeadLetterRoutes({ queues, operatorToken }),
      ...createPageRoutes(),
    ],
    helmet: pageSecurity,
  };
}

export const createDashboardService = (config: DashboardConfig) =>
  createService(everyService.dashboard, config, buildDashboard);
