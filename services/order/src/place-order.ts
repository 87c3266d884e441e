/** Accepting an order: it and its event are stored in one write, then the relay publishes the event. */
import { hash } from 'node:crypto';
import { currency } from '@order-pipeline/events';
import type { Relay } from '@order-pipeline/outbox';
import { isTraceparent, newTraceparent } from '@order-pipeline/tracing';
import { linesOf, type PlaceOrderBody } from './order-api.ts';
import { newOrderId } from './order-id.ts';
import type { OrderMetrics } from './order-metrics.ts';
import type { OrderRepository } from './order-repository.ts';
import { placeOrder, type Order } from './order.ts';

export interface PlaceOrderPorts {
  readonly repository: Pick<OrderRepository, 'accept'>;
  readonly relay: Pick<Relay, 'isFull' | 'push'>;
  readonly metrics: Pick<OrderMetrics, 'entered'>;
}

export interface PlaceOrderRequest {
  readonly body: PlaceOrderBody;
  readonly idempotencyKey: string | undefined;
  /** Of the caller; without a valid one a new trace begins. */
  readonly traceparent: string | undefined;
}

type PlaceOrderResult =
  /** The order is durable; a request that repeats an idempotency key gets the order that it created. */
  | { readonly outcome: 'accepted'; readonly order: Order }
  /** The idempotency key belongs to a request with another body. */
  | { readonly outcome: 'key-reused' }
  /** Too many orders wait to be published. */
  | { readonly outcome: 'outbox-full' };

export type PlaceOrder = (request: PlaceOrderRequest) => Promise<PlaceOrderResult>;

/** A validated body has its fields in the schema's order, so that equal requests have equal hashes. */
const hashOf = (body: PlaceOrderBody): string => hash('sha256', JSON.stringify(body), 'base64url');

/** The function that it returns rejects with an OutageError when MongoDB does not confirm the order in time. */
export function createPlaceOrder({ repository, relay, metrics }: PlaceOrderPorts): PlaceOrder {
  return async ({ body, idempotencyKey, traceparent }) => {
    if (relay.isFull()) return { outcome: 'outbox-full' };
    const now = new Date();
    const { order, event } = placeOrder({
      orderId: newOrderId(now),
      now,
      customer_id: body.customer_id,
      items: linesOf(body.items),
      shipping_address: body.shipping_address,
      currency,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey, requestHash: hashOf(body) }),
      traceparent: isTraceparent(traceparent) ? traceparent : newTraceparent(),
    });
    const accepted = await repository.accept({ order, event });
    if (accepted._id === order._id) {
      relay.push([event]);
      metrics.entered.inc({ state: 'PENDING' });
    } else if (accepted.request_hash !== order.request_hash) {
      return { outcome: 'key-reused' };
    }
    return { outcome: 'accepted', order: accepted };
  };
}
