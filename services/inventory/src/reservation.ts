/**
 * Reservations: an order's lines are reserved all or none, from the stock that the orders before it left. A release returns
 * what a reservation took, exactly once.
 */
import type { EventOf, OrderLine, PipelineEvent } from '@order-pipeline/events';
import type { Decision, Versioned } from '@order-pipeline/mongo';

export interface Product extends Versioned {
  readonly quantity: number;
  readonly price_minor: number;
}

type InventoryEvent = EventOf<'inventory_updated'>;

export interface Reservation extends Versioned {
  /** CANCELLED: the cancellation came before the payment; nothing was reserved, and nothing will be. */
  readonly status: 'RESERVED' | 'REJECTED' | 'RELEASED' | 'CANCELLED';
  readonly kind: 'reservation';
  readonly at: Date;
  /** Summed by product; only what was taken from the stock. */
  readonly lines: readonly ReservedLine[];
  /** The outcome of the payment. */
  readonly reserved?: InventoryEvent;
  /** The outcome of the cancellation. */
  readonly released?: InventoryEvent;
}

export interface ReservedLine {
  readonly product_id: string;
  readonly quantity: number;
}

export type Stock = ReadonlyMap<string, Product>;

type Refusal = {
  readonly reason: 'UNKNOWN_PRODUCT' | 'PRICE_CHANGED' | 'INSUFFICIENT_STOCK';
  readonly product_id: string;
};

export interface StockDecision {
  readonly decision: Decision<Reservation>;
  /** Pieces to add to each product's stock; negative for a reservation. */
  readonly delta: readonly ReservedLine[];
}

const unchanged = (decision: Decision<Reservation>): StockDecision => ({ decision, delta: [] });

/** Most events of the consumed topics neither reserve nor release: for those no reservation is read. */
export const movesStock = ({ type, data: { status } }: PipelineEvent): boolean =>
  (type === 'payment_processed' && status === 'COMPLETED') || (type === 'shipment_processed' && status === 'CANCELLED');

export function decide(
  stock: Stock,
  reservation: Reservation | undefined,
  event: PipelineEvent,
  now: Date,
): StockDecision {
  if (event.type === 'payment_processed' && event.data.status === 'COMPLETED') {
    const { order_id, customer_id, items, shipping_address } = event.data;
    return reserve(stock, reservation, { order_id, customer_id, items, shipping_address }, event.traceparent, now);
  }
  if (event.type === 'shipment_processed' && event.data.status === 'CANCELLED') {
    return release(reservation, event.data.order_id, event.traceparent, now);
  }
  return unchanged({ outcome: 'ignored', why: `${event.type} ${event.data.status} moves no stock` });
}

interface PaidOrder {
  readonly order_id: string;
  readonly customer_id: string;
  readonly items: OrderLine[];
  readonly shipping_address: string;
}

function reserve(
  stock: Stock,
  known: Reservation | undefined,
  order: PaidOrder,
  traceparent: string | undefined,
  now: Date,
): StockDecision {
  if (known?.reserved) return unchanged({ outcome: 'repeated', events: [known.reserved] });
  const lines = sumByProduct(order.items);
  const refusal = known ? { reason: 'ORDER_CANCELLED' } : refuse(stock, order.items, lines);
  const common = { order_id: order.order_id, timestamp: now.toISOString() };
  const reserved: InventoryEvent = {
    type: 'inventory_updated',
    data: refusal ? { ...common, status: 'REJECTED', ...refusal } : { ...common, ...order, status: 'RESERVED' },
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  const document: Reservation = {
    ...(known ?? { _id: order.order_id, version: 0, kind: 'reservation', lines: refusal ? [] : lines }),
    status: refusal ? 'REJECTED' : 'RESERVED',
    at: now,
    reserved,
  };
  return {
    decision: { outcome: 'accepted', document, events: [reserved] },
    delta: refusal ? [] : lines.map(({ product_id, quantity }) => ({ product_id, quantity: -quantity })),
  };
}

function release(
  known: Reservation | undefined,
  orderId: string,
  traceparent: string | undefined,
  now: Date,
): StockDecision {
  if (!known) {
    const document: Reservation = {
      _id: orderId,
      version: 0,
      kind: 'reservation',
      status: 'CANCELLED',
      at: now,
      lines: [],
    };
    return unchanged({ outcome: 'accepted', document, events: [] });
  }
  if (known.released) return unchanged({ outcome: 'repeated', events: [known.released] });
  if (known.reserved?.data.status !== 'RESERVED') return unchanged({ outcome: 'ignored', why: 'nothing was reserved' });
  const released: InventoryEvent = {
    type: 'inventory_updated',
    data: { order_id: orderId, timestamp: now.toISOString(), status: 'RELEASED', items: known.reserved.data.items },
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return {
    decision: {
      outcome: 'accepted',
      document: { ...known, status: 'RELEASED', at: now, released },
      events: [released],
    },
    delta: known.lines,
  };
}

/** The same product twice in an order counts as one line. */
export function sumByProduct(items: readonly OrderLine[]): ReservedLine[] {
  const sums = new Map<string, number>();
  for (const { product_id, quantity } of items) sums.set(product_id, (sums.get(product_id) ?? 0) + quantity);
  return [...sums].map(([product_id, quantity]) => ({ product_id, quantity }));
}

function refuse(stock: Stock, items: readonly OrderLine[], lines: readonly ReservedLine[]): Refusal | undefined {
  for (const { product_id, price_minor } of items) {
    const product = stock.get(product_id);
    if (!product) return { reason: 'UNKNOWN_PRODUCT', product_id };
    if (product.price_minor !== price_minor) return { reason: 'PRICE_CHANGED', product_id };
  }
  const lacking = lines.find(({ product_id, quantity }) => quantity > (stock.get(product_id)?.quantity ?? 0));
  return lacking && { reason: 'INSUFFICIENT_STOCK', product_id: lacking.product_id };
}

/** The stock after a decision. Throws when a product of it does not exist. */
export function applyDelta(stock: Stock, delta: readonly ReservedLine[]): Stock {
  if (delta.length === 0) return stock;
  const next = new Map(stock);
  for (const { product_id, quantity } of delta) {
    const product = next.get(product_id);
    if (!product)
      throw new Error(`the product ${product_id} does not exist, so its stock cannot change by ${quantity}`);
    next.set(product_id, { ...product, quantity: product.quantity + quantity });
  }
  return next;
}
