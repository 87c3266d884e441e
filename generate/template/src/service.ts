/** The order-note service, wired: what it consists of, in reading order. */
import { everyService } from '@order-pipeline/events';
import { createService } from '@order-pipeline/service';
import type { OrderNoteConfig } from './config.ts';
import { createOrderNoteHandler } from './message-handlers.ts';
import { OrderNoteRepository } from './order-note-repository.ts';
import { createOrderNoteRoutes } from './routes.ts';

export const createOrderNoteService = (config: OrderNoteConfig) =>
  createService(everyService.shipment, config, ({ mongo }) => {
    const repository = new OrderNoteRepository(mongo.db);
    return { handler: createOrderNoteHandler(repository), routes: createOrderNoteRoutes(repository) };
  });
