import { z } from 'zod';
import { orderIdSchema } from '@order-pipeline/events';
import { orderStates } from '@order-pipeline/events/order-lifecycle';
import {
  conflict,
  linkTrace,
  listRoute,
  notFound,
  route,
  unavailable,
  unprocessable,
  type Route,
} from '@order-pipeline/http';
import type { CancelOrder } from './cancel-order.ts';
import { acceptedView, orderSchema, orderView, placeOrderSchema, timelineSchema, timelineView } from './order-api.ts';
import type { OrderRepository, StoredOrder } from './order-repository.ts';
import type { OrderWaiter } from './order-waiter.ts';
import type { PlaceOrder } from './place-order.ts';

export interface OrderRouteOptions {
  readonly repository: Pick<OrderRepository, 'find' | 'list'>;
  readonly placeOrder: PlaceOrder;
  readonly cancelOrder: CancelOrder;
  readonly waiter: OrderWaiter;
  readonly stuckAfterMs: number;
  /** Throws a 503 until the service has started. */
  readonly assertStarted: () => void;
}

const orderParams = z.object({ order_id: orderIdSchema });
const maxWaitMs = 60_000;

const noSuchOrder = (orderId: string) => notFound(`There is no order ${orderId}`);

export const createOrderRoutes = (options: OrderRouteOptions): Route[] => [
  placeRoute(options),
  listOrdersRoute(options),
  getRoute(options),
  timelineRoute(options),
  cancelRoute(options),
];

function placeRoute({ placeOrder, assertStarted }: OrderRouteOptions): Route {
  return route({
    method: 'POST',
    path: '/orders',
    operationId: 'placeOrder',
    summary: 'Place an order',
    description:
      'With Idempotency-Key, the same key and body return the same order; without it, each request creates an order.',
    headers: z.object({
      'idempotency-key': z.string().min(1).max(255).optional(),
      traceparent: z.string().optional(),
    }),
    body: placeOrderSchema,
    responses: {
      201: {
        description: 'The order is stored and will be processed.',
        schema: orderSchema,
        headers: { Location: 'Path of the order.' },
      },
      503: {
        description: 'Not confirmed: the order may be stored. Repeat the request with the same Idempotency-Key.',
        headers: { 'Retry-After': 'Seconds.' },
      },
    },
    async handle({ body, headers }) {
      assertStarted();
      const { traceparent, 'idempotency-key': idempotencyKey } = headers;
      const result = await placeOrder({ body, idempotencyKey, traceparent });
      if (result.outcome === 'outbox-full') throw unavailable('Too many orders wait to be published', 5);
      if (result.outcome === 'key-reused') {
        throw unprocessable([
          { parameter: 'Idempotency-Key', detail: 'was used with another body; a new order needs a new key' },
        ]);
      }
      const { order } = result;
      return { status: 201, body: acceptedView(order), headers: { Location: `/orders/${order._id}` } };
    },
  });
}

function getRoute({ repository, waiter }: OrderRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/orders/{order_id}',
    operationId: 'getOrder',
    summary: 'Get an order, at once or when it reaches a state',
    params: orderParams,
    query: z.object({
      wait: z
        .enum(orderStates)
        .optional()
        .describe('Respond when the order is in this state or past it, or in any final state.'),
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
      const order = await findOrder(repository, params.order_id);
      if (query.wait === undefined) return { status: 200, body: orderView(order) };
      if (waiter.isFull) throw unavailable('Too many requests wait for orders', 1);
      await waiter.wait(order._id, query.wait, query.timeout_ms);
      return { status: 200, body: orderView(await findOrder(repository, order._id)) };
    },
  });
}

function listOrdersRoute({ repository, stuckAfterMs }: OrderRouteOptions): Route {
  return listRoute({
    path: '/orders',
    operationId: 'listOrders',
    summary: 'List orders, newest first',
    page: { id: 'OrderPage', description: 'A page of orders.' },
    item: orderSchema,
    key: orderIdSchema,
    filters: z.object({
      status: z.enum(orderStates).optional(),
      stuck: z
        .literal('true')
        .optional()
        .describe('Only orders that are not final and have made no progress for ORDER_STUCK_AFTER_MS.'),
    }),
    read: (page, { status, stuck }) =>
      repository.list(page, {
        status,
        unchangedSince: stuck === undefined ? undefined : new Date(Date.now() - stuckAfterMs),
      }),
    view: orderView,
  });
}

function timelineRoute({ repository }: OrderRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/orders/{order_id}/timeline',
    operationId: 'getTimeline',
    summary: 'List the steps of an order, each with the event that caused it',
    params: orderParams,
    responses: {
      200: { description: 'The steps in the order in which they happened.', schema: timelineSchema },
      404: { description: 'No such order.' },
    },
    handle: async ({ params }) => ({
      status: 200,
      body: timelineView(await findOrder(repository, params.order_id)),
    }),
  });
}

function cancelRoute({ cancelOrder, assertStarted }: OrderRouteOptions): Route {
  return route({
    method: 'POST',
    path: '/orders/{order_id}/cancel',
    operationId: 'cancelOrder',
    summary: 'Cancel an order whose parcel has not left',
    description:
      'The shipment service decides: a CANCELLING order ends as CANCELLED, or as SHIPPED when the parcel left first.',
    params: orderParams,
    responses: {
      200: { description: 'The order is CANCELLED.', schema: orderSchema },
      202: { description: 'The order is CANCELLING.', schema: orderSchema },
      404: { description: 'No such order.' },
      409: { description: 'The order can no longer be cancelled; `status` holds its state.' },
    },
    async handle({ params, ctx }) {
      assertStarted();
      const result = await cancelOrder(params.order_id);
      if (result.outcome === 'unknown-order') throw noSuchOrder(params.order_id);
      if (result.outcome === 'conflict') throw unavailable('The order changes too often; try again', 1);
      const { order } = result;
      linkTrace(ctx, order.traceparent);
      if (result.outcome === 'refused') {
        throw conflict(`The order is ${order.status} and can no longer be cancelled`, { status: order.status });
      }
      return { status: order.status === 'CANCELLED' ? 200 : 202, body: orderView(order) };
    },
  });
}

async function findOrder(repository: OrderRouteOptions['repository'], orderId: string): Promise<StoredOrder> {
  const order = await repository.find(orderId);
  if (!order) throw noSuchOrder(orderId);
  return order;
}
