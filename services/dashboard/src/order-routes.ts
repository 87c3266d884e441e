/** Orders through the dashboard, which calls the services: the page connects to the dashboard only. */
import { z } from 'zod';
import { orderIdSchema, productIdSchema } from '@order-pipeline/events';
import { notFound, route, type Route } from '@order-pipeline/http';
import { orderPage } from './order-page.ts';
import type { ServiceClients } from './service-client.ts';
import type { StepRepository } from './step-repository.ts';
import { catalogueView, orderPageView, orderView, productView } from './views.ts';

/** Validated by the service. It must be JSON, which a page of another origin cannot send without our consent. */
const forwardedBody = z.record(z.string(), z.unknown());
/** So that the service's spans belong to the trace of this request, if it has one. */
const traceHeaders = (ctx: { get(header: string): string }) => ({ traceparent: ctx.get('traceparent') || undefined });
const orderParams = z.object({ order_id: orderIdSchema });

export interface OrderRouteOptions {
  readonly clients: ServiceClients;
  readonly repository: Pick<StepRepository, 'ofOrder'>;
  readonly traceUrl: string | undefined;
}

const catalogue = ({ clients }: OrderRouteOptions): Route =>
  route({
    method: 'GET',
    path: '/api/catalogue',
    operationId: 'getCatalogue',
    summary: 'List the products with their stock',
    responses: { 200: { description: 'The products.', schema: catalogueView } },
    async handle() {
      return { status: 200, body: await clients.inventory('/inventory?limit=100', catalogueView) };
    },
  });

const setStock = ({ clients }: OrderRouteOptions): Route =>
  route({
    method: 'PUT',
    path: '/api/catalogue/{product_id}',
    operationId: 'setStockOfProduct',
    summary: 'Set the stock and the price of a product',
    params: z.object({ product_id: productIdSchema }),
    headers: z.object({ authorization: z.string().optional() }),
    body: forwardedBody,
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

const place = ({ clients }: OrderRouteOptions): Route =>
  route({
    method: 'POST',
    path: '/api/orders',
    operationId: 'placeOrderFromPage',
    summary: 'Place an order',
    headers: z.object({ 'idempotency-key': z.string().min(1).max(255).optional() }),
    body: forwardedBody,
    responses: { 201: { description: 'The order as the order service accepted it.', schema: orderView } },
    async handle({ headers, body, ctx }) {
      const order = await clients.order('/orders', orderView, {
        method: 'POST',
        body,
        headers: { 'Idempotency-Key': headers['idempotency-key'], ...traceHeaders(ctx) },
      });
      return { status: 201, body: order };
    },
  });

const cancel = ({ clients }: OrderRouteOptions): Route =>
  route({
    method: 'POST',
    path: '/api/orders/{order_id}/cancel',
    operationId: 'cancelOrderFromPage',
    summary: 'Cancel an order whose parcel has not left',
    params: orderParams,
    body: z.strictObject({}),
    responses: { 202: { description: 'The order in its current state.', schema: orderView } },
    async handle({ params, ctx }) {
      const order = await clients.order(`/orders/${params.order_id}/cancel`, orderView, {
        method: 'POST',
        headers: traceHeaders(ctx),
      });
      return { status: 202, body: order };
    },
  });

const show = ({ clients, repository, traceUrl }: OrderRouteOptions): Route =>
  route({
    method: 'GET',
    path: '/api/orders/{order_id}',
    operationId: 'getOrderPage',
    summary: 'Get an order with its steps, payment, shipment and trace',
    params: orderParams,
    responses: { 200: { description: 'The order.', schema: orderPageView }, 404: { description: 'No such order.' } },
    async handle({ params: { order_id } }) {
      const found = await orderPage(order_id, { clients, repository, traceUrl });
      if (!found) throw notFound(`There is no order ${order_id}`);
      return { status: 200, body: found };
    },
  });

export const createOrderRoutes = (options: OrderRouteOptions): Route[] => [
  catalogue(options),
  setStock(options),
  place(options),
  cancel(options),
  show(options),
];
