import { z } from 'zod';
import {
  decimalAmountSchema,
  decimalFromMinor,
  maxPriceMinor,
  minorFromDecimal,
  productIdSchema,
} from '@order-pipeline/events';
import { listRoute, notFound, requireOperator, route, type Route } from '@order-pipeline/http';
import type { InventoryRepository, NewStock } from './inventory-repository.ts';

const maxQuantity = 1_000_000_000;
const price = decimalAmountSchema(decimalFromMinor(maxPriceMinor));
const stockSchema = z.strictObject({ quantity: z.int().min(0).max(maxQuantity), price }).meta({ id: 'SetStock' });
const productSchema = z
  .object({ product_id: z.string(), quantity: z.int(), price: z.number() })
  .meta({ id: 'Product' });

const productView = ({ _id, quantity, price_minor }: NewStock): z.output<typeof productSchema> => ({
  product_id: _id,
  quantity,
  price: decimalFromMinor(price_minor),
});

export interface InventoryRouteOptions {
  readonly repository: Pick<InventoryRepository, 'find' | 'list' | 'set'>;
  /** When set, changing the stock requires it as a bearer token. */
  readonly operatorToken: string | undefined;
  /** Throws a 503 until the service has started. */
  readonly assertStarted: () => void;
}

const setWithinMs = 5_000;
const params = z.object({ product_id: productIdSchema });

export const createInventoryRoutes = (options: InventoryRouteOptions): Route[] => [
  listRoute({
    path: '/inventory',
    operationId: 'listInventory',
    summary: 'List products, by id',
    page: { id: 'ProductPage', description: 'A page of products.' },
    item: productSchema,
    key: productIdSchema,
    read: (page) => options.repository.list(page),
    view: productView,
  }),
  getRoute(options),
  setRoute(options),
];

function getRoute({ repository }: InventoryRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/inventory/{product_id}',
    operationId: 'getProduct',
    summary: 'Get what is available of a product',
    params,
    responses: {
      200: { description: 'The product.', schema: productSchema },
      404: { description: 'No such product.' },
    },
    async handle({ params: { product_id } }) {
      const product = await repository.find(product_id);
      if (!product) throw notFound(`There is no product ${product_id}`);
      return { status: 200, body: productView(product) };
    },
  });
}

function setRoute({ repository, operatorToken, assertStarted }: InventoryRouteOptions): Route {
  return route({
    method: 'PUT',
    path: '/inventory/{product_id}',
    operationId: 'setStock',
    summary: 'Set what is available of a product, and its price',
    description: 'An order that was placed at another price is rejected, and refunded, when it is processed.',
    params,
    headers: z.object({ authorization: z.string().optional() }),
    body: stockSchema,
    responses: {
      200: { description: 'The product as set.', schema: productSchema },
      401: { description: "The operator's token is missing or wrong." },
    },
    async handle({ params: { product_id }, headers, body }) {
      assertStarted();
      requireOperator(operatorToken, headers.authorization, "Changing the stock requires the operator's token");
      const price_minor = minorFromDecimal(body.price) ?? Number.NaN;
      const product = await repository.set({ _id: product_id, quantity: body.quantity, price_minor }, setWithinMs);
      return { status: 200, body: productView(product) };
    },
  });
}
