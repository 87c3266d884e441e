/** Orders through the dashboard: it asks the services, so that the page needs to reach nobody else. */
import { z } from 'zod';
import { orderIdSchema, productIdSchema } from '@order-pipeline/events';
import { notFound, route, type Route } from '@order-pipeline/http';
import { orderPage } from './order-page.ts';
import type { ServiceClient } from './service-client.ts';
import type { StepRepository } from './step-repository.ts';
import { catalogueView, orderPageView, orderView, productView } from './views.ts';

export interface Clients {
  readonly order: ServiceClient;
  readonly payment: ServiceClient;
  readonly inventory: ServiceClient;
  readonly shipment: ServiceClient;
}

/** What the services judge themselves. It must be JSON, which no page of another origin can send unasked. */
const passedOn = z.record(z.string(), z.unknown());
/** So that what the service does belongs to the trace of the request to here, where there is one. */
const callerOf = (ctx: { get(header: string): string }) => ({ traceparent: ctx.get('traceparent') || undefined });
const orderParams = z.object({ order_id: orderIdSchema });

export interface OrderRouteOptions {
  readonly clients: Clients;
  readonly repository: Pick<StepRepository, 'ofOrder'>;
  readonly traceUrl: string | undefined;
}

export function createOrderRoutes({ clients, repository, traceUrl }: OrderRouteOptions): Route[] {
  const catalogue = route({
    method: 'GET',
    path: '/api/catalogue',
    operationId: 'getCatalogue',
    summary: 'What can be ordered, and how much of it there is',
    responses: { 200: { description: 'The products.', schema: catalogueView } },
    async handle() {
      return { status: 200, body: await clients.inventory('/inventory?limit=100', catalogueView) };
    },
  });

  const setStock = route({
    method: 'PUT',
    path: '/api/catalogue/{product_id}',
    operationId: 'setStockOfProduct',
    summary: 'Set what is available of a product, and its price',
    params: z.object({ product_id: productIdSchema }),
    headers: z.object({ authorization: z.string().optional() }),
    body: passedOn,
    responses: { 200: { description: 'The product as set.', schema: productView } },
    async handle({ params, headers, body }) {
      const product = await clients.inventory(`/inventory/${params.product_id}`, productView, {
        method: 'PUT',
        body,
        headers: { Authorization: headers.authorization },
      });
      return { status: 200, body: product };
    },
  });

  const place = route({
    method: 'POST',
    path: '/api/orders',
    operationId: 'placeOrderFromPage',
    summary: 'Place an order',
    headers: z.object({ 'idempotency-key': z.string().min(1).max(255).optional() }),
    body: passedOn,
    responses: { 201: { description: 'The order as the order service accepted it.', schema: orderView } },
    async handle({ headers, body, ctx }) {
      const order = await clients.order('/orders', orderView, {
        method: 'POST',
        body,
        headers: { 'Idempotency-Key': headers['idempotency-key'], ...callerOf(ctx) },
      });
      return { status: 201, body: order };
    },
  });

  const cancel = route({
    method: 'POST',
    path: '/api/orders/{order_id}/cancel',
    operationId: 'cancelOrderFromPage',
    summary: 'Cancel an order whose parcel has not gone',
    params: orderParams,
    body: z.strictObject({}),
    responses: { 202: { description: 'The order as it is now.', schema: orderView } },
    async handle({ params, ctx }) {
      const order = await clients.order(`/orders/${params.order_id}/cancel`, orderView, {
        method: 'POST',
        headers: callerOf(ctx),
      });
      return { status: 202, body: order };
    },
  });

  const page = route({
    method: 'GET',
    path: '/api/orders/{order_id}',
    operationId: 'getOrderPage',
    summary: 'Everything that is known about an order',
    params: orderParams,
    responses: { 200: { description: 'The order.', schema: orderPageView }, 404: { description: 'No such order.' } },
    async handle({ params: { order_id } }) {
      const found = await orderPage(order_id, { clients, repository, traceUrl });
      if (!found) throw notFound(`There is no order ${order_id}`);
      return { status: 200, body: found };
    },
  });

  return [catalogue, setStock, place, cancel, page];
}
