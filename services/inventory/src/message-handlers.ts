import type { Handler } from '@order-pipeline/kafka';
import { movesStock } from './reservation.ts';
import { foldOverStock, type StockStore } from './stock-fold.ts';

export const createInventoryHandler =
  (store: StockStore): Handler =>
  (events) =>
    foldOverStock(
      events.filter(({ event }) => movesStock(event)),
      store,
      () => new Date(),
    );
