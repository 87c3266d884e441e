import { hash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { currency, orderIdSchema } from '@order-pipeline/events';
import { orderStates } from '@order-pipeline/events/order-lifecycle';
import type { Relay } from '@order-pipeline/outbox';
import { conflict, linkTrace, notFound, route, unavailable, unprocessable, type Route } from '@order-pipeline/http';
import type { OrderMetrics } from './message-handlers.ts';
import { cancelOrder, placeOrder, timelineOf, type Facts } from './order.ts';
import {
  acceptedView,
  linesOf,
  orderPageSchema,
  orderSchema,
  orderView,
  placeOrderSchema,
  timelineSchema,
  type PlaceOrder,
} from './order-api.ts';
import { newOrderId } from './order-id.ts';
import type { OrderRepository, StoredOrder } from './order-repository.ts';
import type { OrderWaiter } from './order-waiter.ts';

export interface RouteDependencies {
  readonly repository: OrderRepository;
  readonly relay: Relay;
  readonly waiter: OrderWaiter;
  readonly metrics: Pick<OrderMetrics, 'entered'>;
  readonly stuckAfterMs: number;
  readonly assertStarted: () => void;
}

const orderParams = z.object({ order_id: orderIdSchema });
const maxWaitMs = 60_000;
const maxCancelRaces = 20;

export function createOrderRoutes(dependencies: RouteDependencies): Route[] {
  const { repository, relay, waiter, metrics, stuckAfterMs, assertStarted } = dependencies;

  const findOrder = async (orderId: string): Promise<StoredOrder> => {
    const order = await repository.find(orderId);
    if (!order) throw notFound(`There is no order ${orderId}`);
    return order;
  };

  const place = route({
    method: 'POST',
    path: '/orders',
    operationId: 'placeOrder',
    summary: 'Accept an order',
    description:
      'With Idempotency-Key, the same key and body give the same answer; without, every request is a new order.',
    headers: z.object({
      'idempotency-key': z.string().min(1).max(255).optional(),
      traceparent: z.string().optional(),
    }),
    body: placeOrderSchema,
    responses: {
      201: {
        description: 'The order is stored and will be worked off.',
        schema: orderSchema,
        headers: { Location: 'The order.' },
      },
      503: {
        description: 'Not confirmed: it may have been stored. Repeat the request under the same Idempotency-Key.',
        headers: { 'Retry-After': 'Seconds.' },
      },
    },
    async handle({ body, headers }) {
      assertStarted();
      if (relay.isFull()) throw unavailable('Too many orders wait to be published', 5);
      const now = new Date();
      const idempotencyKey = headers['idempotency-key'];
      const repeatable = idempotencyKey === undefined ? {} : { idempotencyKey, requestHash: hashOf(body) };
      const placed = placeOrder({
        orderId: newOrderId(now),
        now,
        customer_id: body.customer_id,
        items: linesOf(body.items),
        shipping_address: body.shipping_address,
        currency,
        ...repeatable,
        traceparent: isTraceparent(headers.traceparent) ? headers.traceparent : newTraceparent(),
      });
      const accepted = await repository.accept(placed);
      if (accepted._id === placed.order._id) {
        relay.push([placed.event]);
        metrics.entered.inc({ state: 'PENDING' });
      } else if (accepted.request_hash !== placed.order.request_hash) {
        throw unprocessable([
          { parameter: 'Idempotency-Key', detail: 'was used before with another body; a new order needs a new key' },
        ]);
      }
      return { status: 201, body: acceptedView(accepted), headers: { Location: `/orders/${accepted._id}` } };
    },
  });

  const get = route({
    method: 'GET',
    path: '/orders/{order_id}',
    operationId: 'getOrder',
    summary: 'One order, at once or when it reaches a state',
    params: orderParams,
    query: z.object({
      wait: z
        .enum(orderStates)
        .optional()
        .describe('Answer when the order is in this state or past it, or at any end.'),
      timeout_ms: z.coerce
        .number()
        .int()
        .min(0)
        .max(maxWaitMs)
        .default(30_000)
        .describe('Longest wait in milliseconds.'),
    }),
    responses: {
      200: { description: 'The order as it is now.', schema: orderSchema },
      404: { description: 'No such order.' },
    },
    async handle({ params, query }) {
      const order = await findOrder(params.order_id);
      if (query.wait === undefined) return { status: 200, body: orderView(order) };
      if (waiter.isFull()) throw unavailable('Too many requests are waiting for orders', 1);
      await waiter.wait(order._id, query.wait, query.timeout_ms);
      return { status: 200, body: orderView(await findOrder(order._id)) };
    },
  });

  const list = route({
    method: 'GET',
    path: '/orders',
    operationId: 'listOrders',
    summary: 'Orders, newest first',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      cursor: orderIdSchema.optional().describe('next_cursor of the page before.'),
      status: z.enum(orderStates).optional(),
      stuck: z
        .literal('true')
        .optional()
        .describe('Only open orders that have not moved for the time that ORDER_STUCK_AFTER_MS sets.'),
    }),
    responses: { 200: { description: 'A page of orders.', schema: orderPageSchema } },
    async handle({ query }) {
      const { cursor: after, limit, status, stuck } = query;
      const unmovedSince = stuck === undefined ? undefined : new Date(Date.now() - stuckAfterMs);
      const orders = await repository.list({ after, limit, status, unmovedSince });
      const next = orders.length === query.limit ? orders.at(-1)!._id : null;
      return { status: 200, body: { items: orders.map(orderView), next_cursor: next } };
    },
  });

  const timeline = route({
    method: 'GET',
    path: '/orders/{order_id}/timeline',
    operationId: 'getTimeline',
    summary: 'Each step of an order, with the event that brought it about',
    params: orderParams,
    responses: {
      200: { description: 'The steps in order.', schema: timelineSchema },
      404: { description: 'No such order.' },
    },
    async handle({ params }) {
      const order = await findOrder(params.order_id);
      const steps = timelineOf(withPublished(order)).map(({ partition, offset, ...step }) => ({
        ...step,
        partition: partition ?? null,
        offset: offset ?? null,
      }));
      return { status: 200, body: { order_id: order._id, steps } };
    },
  });

  const cancel = route({
    method: 'POST',
    path: '/orders/{order_id}/cancel',
    operationId: 'cancelOrder',
    summary: 'Cancel an order whose parcel has not gone',
    description:
      'The shipment service decides: a cancelling order ends in CANCELLED, or in SHIPPED when the parcel was faster.',
    params: orderParams,
    responses: {
      200: { description: 'It is cancelled already.', schema: orderSchema },
      202: { description: 'It is being cancelled.', schema: orderSchema },
      404: { description: 'No such order.' },
      409: { description: 'It can no longer be cancelled; `status` says why.' },
    },
    async handle({ params, ctx }) {
      assertStarted();
      for (let race = 0; race < maxCancelRaces; race += 1) {
        const order = await findOrder(params.order_id);
        linkTrace(ctx, order.traceparent);
        const cancellation = cancelOrder(order, new Date());
        if (cancellation.outcome === 'refused') {
          throw conflict(`The order is ${cancellation.state} and can no longer be cancelled`, {
            status: cancellation.state,
          });
        }
        if (cancellation.outcome === 'repeated') {
          return { status: order.status === 'CANCELLED' ? 200 : 202, body: orderView(order) };
        }
        if (await repository.saveWithEvent(order, cancellation.order, cancellation.event)) {
          relay.push([cancellation.event]);
          metrics.entered.inc({ state: 'CANCELLING' });
          return { status: 202, body: orderView(cancellation.order) };
        }
      }
      throw unavailable('The order changes too fast; try again', 1);
    },
  });

  return [place, list, get, timeline, cancel];
}

/** The places of this service's own events are known to the relay alone. */
const withPublished = ({ facts, published }: StoredOrder): Facts =>
  Object.fromEntries(Object.entries(facts).map(([fact, record]) => [fact, { ...record, ...published?.[fact] }]));

/** The body as validated has its fields in the schema's order, so that equal requests have equal hashes. */
const hashOf = (body: PlaceOrder): string => hash('sha256', JSON.stringify(body), 'base64url');

const isTraceparent = (value: string | undefined): value is string =>
  value !== undefined && /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/u.test(value);

/** W3C Trace Context, not sampled: it ties an order's events and log lines together even where nobody traces. */
function newTraceparent(): string {
  const parent = randomUUID();
  return `00-${randomUUID().replaceAll('-', '')}-${parent.slice(0, 8)}${parent.slice(-8)}-00`;
}
