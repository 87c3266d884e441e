/** The shipment service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { createRelay } from '@order-pipeline/outbox';
import { createPipelineService } from '@order-pipeline/service';
import type { ShipmentConfig } from './config.ts';
import { createShipmentHandler } from './message-handlers.ts';
import { createShipmentRoutes } from './routes.ts';
import { createShipmentRepository } from './shipment-repository.ts';
import { createShippingTimer } from './shipping-timer.ts';

export function createShipmentService(config: ShipmentConfig) {
  const service = createPipelineService(services.shipment, config);
  const { isOutage, lifecycle, logger, mongo, publisher, registry } = service;

  const repository = createShipmentRepository(mongo.db);
  const relay = createRelay({
    collection: repository.collection,
    publisher,
    isOutage,
    logger,
    registry,
    maxPending: Number.MAX_SAFE_INTEGER,
    sweepAfterMs: config.OUTBOX_SWEEP_AFTER_MS,
    onFatal: (error) => lifecycle.fail(error),
  });
  const timer = createShippingTimer({ repository, relay, isOutage, logger, pollMs: config.SHIPMENT_TIMER_POLL_MS });

  service.prepare(repository.createIndexes);
  service.prepare(relay.start);
  service.prepare(async () => timer.start());
  service.add({ name: 'outbox relay', stop: relay.stop });
  service.add({ name: 'shipping timer', stop: timer.stop });
  service.consume(
    withSimulatedWork(
      { workMs: config.SHIPMENT_WORK_MS, concurrency: config.SHIPMENT_CONCURRENCY },
      createShipmentHandler(repository, { processingMs: config.SHIPMENT_PROCESSING_MS }),
    ),
  );
  const http = service.serve(createShipmentRoutes(repository));
  return { lifecycle, logger, http };
}
