/** The order service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { Relay } from '@order-pipeline/outbox';
import { createService } from '@order-pipeline/service';
import { createCancelOrder } from './cancel-order.ts';
import type { OrderConfig } from './config.ts';
import { createOrderHandler } from './message-handlers.ts';
import { createOrderMetrics } from './order-metrics.ts';
import { OrderRepository } from './order-repository.ts';
import { OrderWaiter } from './order-waiter.ts';
import { createOrderWatchdog } from './order-watchdog.ts';
import { createPlaceOrder } from './place-order.ts';
import { createOrderRoutes } from './routes.ts';

export const createOrderService = (config: OrderConfig) =>
  createService(services.order, config, (edges) => {
    const { logger, registry, lagReader, assertStarted, stopping } = edges;
    const metrics = createOrderMetrics(registry);
    const repository = new OrderRepository(edges.mongo.db, { acceptWithinMs: config.ORDER_ACCEPT_TIMEOUT_MS });
    const relay = new Relay(edges, {
      collection: repository.collection,
      maxPending: config.OUTBOX_MAX_PENDING,
      sweepAfterMs: config.OUTBOX_SWEEP_AFTER_MS,
    });
    const stuckAfterMs = config.ORDER_STUCK_AFTER_MS;
    const checkEveryMs = config.ORDER_STUCK_CHECK_MS;
    return {
      createIndexes: () => repository.createIndexes(),
      components: [relay, createOrderWatchdog({ repository, lagReader, registry, logger, stuckAfterMs, checkEveryMs })],
      handler: withSimulatedWork(
        { workMs: config.ORDER_WORK_MS, concurrency: config.ORDER_CONCURRENCY },
        createOrderHandler(repository, metrics),
      ),
      routes: createOrderRoutes({
        repository,
        placeOrder: createPlaceOrder({ repository, relay, metrics }),
        cancelOrder: createCancelOrder({ repository, relay, metrics }),
        waiter: new OrderWaiter((orderIds) => repository.statesOf(orderIds), stopping),
        stuckAfterMs,
        assertStarted,
      }),
    };
  });
