/** The inventory service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { createPipelineService } from '@order-pipeline/service';
import type { InventoryConfig } from './config.ts';
import { createInventoryRepository } from './inventory-repository.ts';
import { createInventoryHandler } from './message-handlers.ts';
import { createInventoryRoutes } from './routes.ts';
import { sampleStock } from './sample-stock.ts';

export function createInventoryService(config: InventoryConfig) {
  const service = createPipelineService(services.inventory, config);
  const repository = createInventoryRepository(service.mongo);

  service.prepare(() => repository.seed(sampleStock));
  service.consume(
    withSimulatedWork(
      { workMs: config.INVENTORY_WORK_MS, concurrency: config.INVENTORY_CONCURRENCY },
      createInventoryHandler(repository),
    ),
  );
  const http = service.serve(
    createInventoryRoutes({ repository, operatorToken: config.OPERATOR_TOKEN, assertPrepared: service.assertPrepared }),
  );
  return { lifecycle: service.lifecycle, logger: service.logger, http };
}
