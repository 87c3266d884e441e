/** The inventory service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { createService } from '@order-pipeline/service';
import type { InventoryConfig } from './config.ts';
import { InventoryRepository } from './inventory-repository.ts';
import { createInventoryHandler } from './message-handlers.ts';
import { createInventoryRoutes } from './routes.ts';
import { sampleStock } from './sample-stock.ts';

export const createInventoryService = (config: InventoryConfig) =>
  createService(services.inventory, config, ({ mongo, assertStarted }) => {
    const repository = new InventoryRepository(mongo);
    return {
      components: [{ name: 'sample stock', start: () => repository.seed(sampleStock) }],
      handler: withSimulatedWork(
        { workMs: config.INVENTORY_WORK_MS, concurrency: config.INVENTORY_CONCURRENCY },
        createInventoryHandler(repository),
      ),
      routes: createInventoryRoutes({ repository, operatorToken: config.OPERATOR_TOKEN, assertStarted }),
    };
  });
