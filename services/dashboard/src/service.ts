/** How the dashboard is put together. */
import { everyService } from '@order-pipeline/events';
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
import { createServiceClient } from './service-client.ts';
import { createStatusRoutes } from './status-routes.ts';
import { StepFeed } from './step-feed.ts';
import { createStepRepository } from './step-repository.ts';

export const createDashboardService = (config: DashboardConfig) =>
  createService(everyService.dashboard, config, buildDashboard);

function buildDashboard(edges: ServiceEdges, config: DashboardConfig): ServiceParts {
  const { kafka, logger, mongo, publisher, registry, stopping } = edges;

  const urls = {
    order: config.ORDER_URL,
    payment: config.PAYMENT_URL,
    inventory: config.INVENTORY_URL,
    shipment: config.SHIPMENT_URL,
  };
  const client = (name: keyof typeof urls) =>
    createServiceClient(name, urls[name], config.DASHBOARD_SERVICE_TIMEOUT_MS);
  const clients = {
    order: client('order'),
    payment: client('payment'),
    inventory: client('inventory'),
    shipment: client('shipment'),
  };

  const repository = createStepRepository(mongo, { maxSteps: config.DASHBOARD_MAX_STEPS });
  const feed = new StepFeed({
    repository,
    logger,
    pollMs: config.DASHBOARD_FEED_POLL_MS,
    stopping,
  });
  const observer = createGroupObserver(kafka);
  const { KUBERNETES_API_URL: apiUrl, KUBERNETES_ACCESS_DIR: accessDir } = config;
  const groups = new GroupMonitor({
    observer,
    repository,
    entries: Object.values(everyService),
    replicaSource: apiUrl === undefined ? undefined : createScalerSource({ apiUrl, accessDir }),
    logger,
  });
  const admin = createOnDemandAdmin(kafka);
  const queues = new DeadLetterQueues({ kafka, admin, publisher });
  registry.registerMetric(
    new Gauge({
      name: 'dashboard_feed_followers',
      help: 'Number of clients that follow the live feed of this replica.',
      registers: [],
      collect() {
        this.set(feed.followers);
      },
    }),
  );

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
      ...createOrderRoutes({ clients, repository, traceUrl: config.TRACE_URL }),
      ...createStatusRoutes({
        groups,
        overview: () =>
          readHealthOverview({
            services: urls,
            outboxes: ['order', 'shipment'],
            observer,
            pingMongo: repository.ping,
            auditMetricsUrl: config.AUDIT_METRICS_URL,
          }),
        requiresToken: config.OPERATOR_TOKEN !== undefined,
      }),
      ...createDeadLetterRoutes({ queues, operatorToken: config.OPERATOR_TOKEN }),
      ...createPageRoutes(),
    ],
    helmet: pageSecurity,
  };
}
