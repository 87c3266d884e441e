import type { Handler } from '@order-pipeline/messaging';
import { foldOverStock, type StockStore } from './stock-fold.ts';

export const createInventoryHandler =
  (store: StockStore): Handler =>
  (events) =>
    foldOverStock(events, store, () => new Date());
