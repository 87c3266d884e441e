/**
 * A batch of events folded over the stock: the second order sees what the first one took. Reading, deciding and writing
 * are repeated as a whole after a conflict with another replica, and nothing is published for a losing decision.
 */
import { eventId, type PipelineEvent, type ReceivedEvent } from '@order-pipeline/events';
import type { Change } from '@order-pipeline/mongo';
import { backoffMs, OutageError, wait } from '@order-pipeline/resilience';
import { applyDelta, decide, type Product, type Reservation, type Stock } from './reservation.ts';

export interface StockWrite {
  readonly reservations: readonly Change<Reservation>[];
  readonly products: readonly Change<Product>[];
}

export interface StockStore {
  loadReservations(orderIds: readonly string[]): Promise<Map<string, Reservation>>;
  loadStock(productIds: readonly string[]): Promise<Map<string, Product>>;
  /** Writes all or nothing; false when any document that was read has changed since. */
  commit(write: StockWrite): Promise<boolean>;
  /** Aborts transactions whose owner was terminated. */
  abortAbandonedTransactions(): Promise<unknown>;
}

const maxAttempts = 200;
/** A conflict is with a transaction that commits; so many in a row are with one that never ends. */
const conflictsBeforeAbort = 25;
/** A transaction in flight elsewhere ends within a few milliseconds. */
const conflictBackoff = { firstMs: 4, maxMs: 40 };

/** Returns the events that follow from the batch, each once. */
export async function foldOverStock(
  batch: readonly ReceivedEvent[],
  store: StockStore,
  now: () => Date,
): Promise<PipelineEvent[]> {
  if (batch.length === 0) return [];
  for (let conflicts = 0; conflicts < maxAttempts; conflicts += 1) {
    if (conflicts > 0) await wait(backoffMs(conflictBackoff, conflicts - 1));
    if (conflicts > 0 && conflicts % conflictsBeforeAbort === 0) await store.abortAbandonedTransactions();
    const outcomes = await attempt(batch, store, now());
    if (outcomes) return outcomes;
  }
  throw new OutageError('mongodb', `${maxAttempts} conflicts in a row over the stock`);
}

/** Loads, folds and writes once; undefined, with nothing written, after a conflict. */
async function attempt(
  batch: readonly ReceivedEvent[],
  store: StockStore,
  now: Date,
): Promise<PipelineEvent[] | undefined> {
  const before = await store.loadReservations([...new Set(batch.map(({ event }) => event.data.order_id))]);
  const productIds = productsOf(batch, before);
  const stockBefore = productIds.length > 0 ? await store.loadStock(productIds) : new Map<string, Product>();
  const { after, stock, events } = fold(batch, before, stockBefore, now);
  const write: StockWrite = {
    reservations: [...after].flatMap(([id, document]) =>
      document === before.get(id) ? [] : [{ before: before.get(id), after: document }],
    ),
    products: [...stock].flatMap(([id, product]) =>
      product.quantity === stockBefore.get(id)?.quantity ? [] : [{ before: stockBefore.get(id), after: product }],
    ),
  };
  return write.reservations.length === 0 || (await store.commit(write)) ? events : undefined;
}

function fold(
  batch: readonly ReceivedEvent[],
  before: ReadonlyMap<string, Reservation>,
  stockBefore: Stock,
  now: Date,
) {
  const after = new Map(before);
  const events = new Map<string, PipelineEvent>();
  let stock = stockBefore;
  for (const { event } of batch) {
    const { decision, delta } = decide(stock, after.get(event.data.order_id), event, now);
    stock = applyDelta(stock, delta);
    if (decision.outcome === 'accepted') after.set(event.data.order_id, decision.document);
    if (decision.outcome !== 'ignored') for (const each of decision.events) events.set(eventId(each), each);
  }
  return { after, stock, events: [...events.values()] };
}

/** Every product that the batch may change: the lines of paid orders, and those of known reservations. */
function productsOf(batch: readonly ReceivedEvent[], reservations: ReadonlyMap<string, Reservation>): string[] {
  const ids = new Set<string>();
  for (const { event } of batch) {
    if (event.type === 'payment_processed' && event.data.status === 'COMPLETED') {
      for (const { product_id } of event.data.items) ids.add(product_id);
    }
  }
  for (const { lines } of reservations.values()) for (const { product_id } of lines) ids.add(product_id);
  return [...ids];
}
