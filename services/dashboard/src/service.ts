/** The dashboard, wired: what it consists of, in reading order. */
import { everyService } from '@order-pipeline/events';
import { createGroupObserver, createOnDemandAdmin } from '@order-pipeline/kafka';
import { createService, type ServiceEdges, type ServiceParts } from '@order-pipeline/service';
import { Gauge } from '@order-pipeline/runtime';
import type { DashboardConfig } from './config.ts';
import { createDeadLetterRoutes } from './dead-letter-routes.ts';
import { createDeadLetterDesk } from './dead-letters.ts';
import { createFeedRoutes } from './feed-routes.ts';
import { createGroupWatch } from './group-watch.ts';
import { createStepHandler } from './message-handlers.ts';
import { createOrderRoutes } from './order-routes.ts';
import { readOverview } from './overview.ts';
import { createPageRoutes, pageSecurity } from './page-routes.ts';
import { createScalerSource } from './scalers.ts';
import { createServiceClient } from './service-client.ts';
import { createStatusRoutes } from './status-routes.ts';
import { createStepFeed } from './step-feed.ts';
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
  const feed = createStepFeed({
    repository,
    logger,
    pollMs: config.DASHBOARD_FEED_POLL_MS,
    stopping,
  });
  const observer = createGroupObserver(kafka);
  const { KUBERNETES_API_URL: apiUrl, KUBERNETES_ACCESS_DIR: accessDir } = config;
  const groups = createGroupWatch({
    observer,
    repository,
    entries: Object.values(everyService),
    replicaSource: apiUrl === undefined ? undefined : createScalerSource({ apiUrl, accessDir }),
    logger,
  });
  const admin = createOnDemandAdmin(kafka);
  const desk = createDeadLetterDesk({ kafka, admin, publisher });
  registry.registerMetric(
    new Gauge({
      name: 'dashboard_feed_followers',
      help: 'Open pages that follow the live feed of this replica.',
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
      { name: 'dead-letter desk', stop: admin.stop },
      { name: 'group watch', startsWithoutDatabase: true, start: groups.start, stop: groups.stop },
    ],
    handler: createStepHandler(repository),
    routes: [
      ...createFeedRoutes(feed),
      ...createOrderRoutes({ clients, repository, traceUrl: config.TRACE_URL }),
      ...createStatusRoutes({
        groups,
        overview: () =>
          readOverview({
            services: urls,
            outboxes: ['order', 'shipment'],
            observer,
            pingMongo: repository.ping,
            auditMetricsUrl: config.AUDIT_METRICS_URL,
          }),
        asksForToken: config.OPERATOR_TOKEN !== undefined,
      }),
      ...createDeadLetterRoutes({ desk, operatorToken: config.OPERATOR_TOKEN }),
      ...createPageRoutes(),
    ],
    helmet: pageSecurity,
  };
}
