/** The order service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { orderStates } from '@order-pipeline/events/order-lifecycle';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { createRelay } from '@order-pipeline/outbox';
import { Counter, Gauge, tracedHistogram, type Registry } from '@order-pipeline/runtime';
import { createService } from '@order-pipeline/service';
import type { OrderConfig } from './config.ts';
import { createOrderHandler, type OrderMetrics } from './message-handlers.ts';
import { createOrderRepository } from './order-repository.ts';
import { createOrderWaiter } from './order-waiter.ts';
import { createOrderWatchdog } from './order-watchdog.ts';
import { createOrderRoutes } from './routes.ts';

export const createOrderService = (config: OrderConfig) =>
  createService(services.order, config, (edges) => {
    const metrics = createOrderMetrics(edges.registry);
    const repository = createOrderRepository(edges.mongo.db, { acceptWithinMs: config.ORDER_ACCEPT_TIMEOUT_MS });
    const relay = createRelay(edges, {
      collection: repository.collection,
      maxPending: config.OUTBOX_MAX_PENDING,
      sweepAfterMs: config.OUTBOX_SWEEP_AFTER_MS,
    });
    const watchdog = createOrderWatchdog({
      repository,
      lagReader: edges.lagReader,
      stuck: new Gauge({
        name: 'orders_stuck',
        help: 'Open orders whose state has not changed for too long, by the consumer group and topic that they wait for.',
        labelNames: ['consumer_group', 'topic'],
        registers: [edges.registry],
      }),
      logger: edges.logger,
      stuckAfterMs: config.ORDER_STUCK_AFTER_MS,
      checkEveryMs: config.ORDER_STUCK_CHECK_MS,
    });
    return {
      createIndexes: repository.createIndexes,
      components: [relay, watchdog],
      handler: withSimulatedWork(
        { workMs: config.ORDER_WORK_MS, concurrency: config.ORDER_CONCURRENCY },
        createOrderHandler(repository, metrics),
      ),
      routes: createOrderRoutes({
        repository,
        relay,
        waiter: createOrderWaiter(repository.statesOf, edges.stopping),
        metrics,
        stuckAfterMs: config.ORDER_STUCK_AFTER_MS,
        assertStarted: edges.assertStarted,
      }),
    };
  });

function createOrderMetrics(registry: Registry): OrderMetrics {
  const entered = new Counter({
    name: 'orders_total',
    help: 'Orders that entered a state.',
    labelNames: ['state'],
    registers: [registry],
  });
  for (const state of orderStates) entered.inc({ state }, 0);
  const observeShipped = tracedHistogram(registry, {
    name: 'order_placed_to_shipped_seconds',
    help: 'Time from accepting an order to recording that it has shipped.',
    buckets: [0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  });
  return { entered, observeShipped };
}
