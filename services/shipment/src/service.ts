/** The shipment service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { Relay } from '@order-pipeline/outbox';
import { createService } from '@order-pipeline/service';
import type { ShipmentConfig } from './config.ts';
import { createShipmentHandler } from './message-handlers.ts';
import { createShipmentRoutes } from './routes.ts';
import { ShipmentRepository } from './shipment-repository.ts';
import { createShippingTimer } from './shipping-timer.ts';

export const createShipmentService = (config: ShipmentConfig) =>
  createService(services.shipment, config, (edges) => {
    const { logger, mongo } = edges;
    const repository = new ShipmentRepository(mongo.db);
    const relay = new Relay(edges, {
      collection: repository.collection,
      sweepAfterMs: config.OUTBOX_SWEEP_AFTER_MS,
    });
    const timer = createShippingTimer({ repository, relay, logger, pollMs: config.SHIPMENT_TIMER_POLL_MS });
    return {
      createIndexes: () => repository.createIndexes(),
      components: [relay, timer],
      handler: withSimulatedWork(
        { workMs: config.SHIPMENT_WORK_MS, concurrency: config.SHIPMENT_CONCURRENCY },
        createShipmentHandler(repository, { processingMs: config.SHIPMENT_PROCESSING_MS }),
      ),
      routes: createShipmentRoutes(repository),
    };
  });
