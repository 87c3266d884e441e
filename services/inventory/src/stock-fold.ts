/**
 * A chunk of events folded over the stock: a second order sees what the first one took. Reading, deciding and writing
 * are repeated as a whole when another replica was faster, and nothing is told of a decision that lost.
 */
import { eventId, type PipelineEvent } from '@order-pipeline/events';
import { type ReceivedEvent } from '@order-pipeline/events';
import { backoffMs, OutageError, wait } from '@order-pipeline/resilience';
import type { Change } from '@order-pipeline/mongo';
import { applyDelta, decide, type Product, type Reservation, type Stock } from './reservation.ts';

export interface StockWrite {
  readonly reservations: readonly Change<Reservation>[];
  readonly products: readonly Change<Product>[];
}

export interface StockStore {
  loadReservations(orderIds: readonly string[]): Promise<Map<string, Reservation>>;
  loadStock(productIds: readonly string[]): Promise<Map<string, Product>>;
  /** All or nothing; false when anything that was read has changed since. */
  commit(write: StockWrite): Promise<boolean>;
  /** Ends transactions that nobody will finish. */
  endAbandoned(): Promise<unknown>;
}

const maxRaces = 200;
/** Races are lost to others that win them; so many in a row are lost to one that never ends. */
const suspiciousRaces = 25;
/** A transaction that is under way elsewhere ends within a few milliseconds. */
const raceBackoff = { firstMs: 4, maxMs: 40 };

export async function foldOverStock(
  chunk: readonly ReceivedEvent[],
  store: StockStore,
  now: () => Date,
): Promise<PipelineEvent[]> {
  if (chunk.length === 0) return [];
  const orderIds = [...new Set(chunk.map(({ event }) => event.data.order_id))];
  for (let race = 0; race < maxRaces; race += 1) {
    if (race > 0) await wait(backoffMs(raceBackoff, race - 1));
    if (race > 0 && race % suspiciousRaces === 0) await store.endAbandoned();
    const before = await store.loadReservations(orderIds);
    const productIds = productsOf(chunk, before);
    const stockBefore = productIds.length > 0 ? await store.loadStock(productIds) : new Map<string, Product>();
    const { after, stock, events } = fold(chunk, before, stockBefore, now());
    const write: StockWrite = {
      reservations: [...after].flatMap(([id, document]) =>
        document === before.get(id) ? [] : [{ before: before.get(id), after: document }],
      ),
      products: [...stock].flatMap(([id, product]) =>
        product.quantity === stockBefore.get(id)?.quantity ? [] : [{ before: stockBefore.get(id), after: product }],
      ),
    };
    if (write.reservations.length === 0 || (await store.commit(write))) return events;
  }
  throw new OutageError('the stock', new Error(`lost the race for it ${maxRaces} times`));
}

function fold(
  chunk: readonly ReceivedEvent[],
  before: ReadonlyMap<string, Reservation>,
  stockBefore: Stock,
  now: Date,
) {
  const after = new Map(before);
  const events = new Map<string, PipelineEvent>();
  let stock = stockBefore;
  for (const { event } of chunk) {
    const { decision, delta } = decide(stock, after.get(event.data.order_id), event, now);
    stock = applyDelta(stock, delta);
    if (decision.outcome === 'accepted') after.set(event.data.order_id, decision.document);
    if (decision.outcome !== 'ignored') for (const each of decision.events) events.set(eventId(each), each);
  }
  return { after, stock, events: [...events.values()] };
}

/** Every product that the chunk may book: what paid orders ask for, and what known reservations hold. */
function productsOf(chunk: readonly ReceivedEvent[], reservations: ReadonlyMap<string, Reservation>): string[] {
  const ids = new Set<string>();
  for (const { event } of chunk) {
    if (event.type === 'payment_processed' && event.data.status === 'COMPLETED') {
      for (const { product_id } of event.data.items) ids.add(product_id);
    }
  }
  for (const { lines } of reservations.values()) for (const { product_id } of lines) ids.add(product_id);
  return [...ids];
}
