/** The order service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { orderStates } from '@order-pipeline/events/order-lifecycle';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { createRelay } from '@order-pipeline/outbox';
import { createPipelineService } from '@order-pipeline/service';
import { Counter, Gauge, tracedHistogram } from '@order-pipeline/runtime';
import type { OrderConfig } from './config.ts';
import { createOrderHandler } from './message-handlers.ts';
import { createOrderRepository } from './order-repository.ts';
import { createOrderWatchdog } from './order-watchdog.ts';
import { createOrderWaiter } from './order-waiter.ts';
import { createOrderRoutes } from './routes.ts';

export function createOrderService(config: OrderConfig) {
  const service = createPipelineService(services.order, config);
  const { lifecycle, logger, mongo, publisher, registry } = service;
  const metrics = {
    entered: new Counter({
      name: 'orders_total',
      help: 'Orders that entered a state.',
      labelNames: ['state'],
      registers: [registry],
    }),
    observeShipped: tracedHistogram(registry, {
      name: 'order_placed_to_shipped_seconds',
      help: 'Time from accepting an order to knowing that it has shipped.',
      buckets: [0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    }),
  };

  for (const state of orderStates) metrics.entered.inc({ state }, 0);

  const repository = createOrderRepository(mongo.db, { acceptWithinMs: config.ORDER_ACCEPT_TIMEOUT_MS });
  const relay = createRelay({
    collection: repository.collection,
    publisher,
    isOutage: service.isOutage,
    logger,
    registry,
    maxPending: config.OUTBOX_MAX_PENDING,
    sweepAfterMs: config.OUTBOX_SWEEP_AFTER_MS,
    onFatal: (error) => lifecycle.fail(error),
  });
  const watchdog = createOrderWatchdog({
    repository,
    lagReader: service.lagReader,
    stuck: new Gauge({
      name: 'orders_stuck',
      help: 'Open orders that have not moved for too long, by the consumer group and topic that they wait for.',
      labelNames: ['consumer_group', 'topic'],
      registers: [registry],
    }),
    logger,
    stuckAfterMs: config.ORDER_STUCK_AFTER_MS,
    checkEveryMs: config.ORDER_STUCK_CHECK_MS,
  });
  const waiter = createOrderWaiter(repository.statesOf, lifecycle.stopping);

  service.prepare(repository.createIndexes);
  service.prepare(relay.start);
  service.prepare(async () => watchdog.start());
  service.add({ name: 'outbox relay', stop: relay.stop });
  service.add({ name: 'watchdog', stop: watchdog.stop });
  service.consume(
    withSimulatedWork(
      { workMs: config.ORDER_WORK_MS, concurrency: config.ORDER_CONCURRENCY },
      createOrderHandler(repository, metrics),
    ),
  );
  const http = service.serve(
    createOrderRoutes({
      repository,
      relay,
      waiter,
      metrics,
      stuckAfterMs: config.ORDER_STUCK_AFTER_MS,
      assertPrepared: service.assertPrepared,
    }),
  );
  return { lifecycle, logger, http };
}
