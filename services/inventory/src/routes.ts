import { z } from 'zod';
import {
  decimalAmountSchema,
  decimalFromMinor,
  maxPriceMinor,
  minorFromDecimal,
  productIdSchema,
} from '@order-pipeline/events';
import { notFound, requireOperator, route, type Route } from '@order-pipeline/http';
import type { InventoryRepository } from './inventory-repository.ts';
import type { Product } from './reservation.ts';

const maxQuantity = 1_000_000_000;
const price = decimalAmountSchema(decimalFromMinor(maxPriceMinor));
const stockSchema = z.strictObject({ quantity: z.int().min(0).max(maxQuantity), price }).meta({ id: 'SetStock' });
const productSchema = z
  .object({ product_id: z.string(), quantity: z.int(), price: z.number() })
  .meta({ id: 'Product' });
const pageSchema = z
  .object({ items: z.array(productSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'ProductPage' });

const productView = ({ _id, quantity, price_minor }: Omit<Product, 'version'>): z.output<typeof productSchema> => ({
  product_id: _id,
  quantity,
  price: decimalFromMinor(price_minor),
});

export interface RouteOptions {
  readonly repository: InventoryRepository;
  /** When set, changing the stock asks for it as a bearer token. */
  readonly operatorToken: string | undefined;
  readonly assertStarted: () => void;
}

const setWithinMs = 5_000;

export function createInventoryRoutes({ repository, operatorToken, assertStarted }: RouteOptions): Route[] {
  const params = z.object({ product_id: productIdSchema });

  const list = route({
    method: 'GET',
    path: '/inventory',
    operationId: 'listInventory',
    summary: 'The stock',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      cursor: productIdSchema.optional().describe('next_cursor of the page before.'),
    }),
    responses: { 200: { description: 'A page of products.', schema: pageSchema } },
    async handle({ query }) {
      const products = await repository.list({ after: query.cursor, limit: query.limit });
      const next = products.length === query.limit ? products.at(-1)!._id : null;
      return { status: 200, body: { items: products.map(productView), next_cursor: next } };
    },
  });

  const get = route({
    method: 'GET',
    path: '/inventory/{product_id}',
    operationId: 'getProduct',
    summary: 'What is available of a product',
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

  const set = route({
    method: 'PUT',
    path: '/inventory/{product_id}',
    operationId: 'setStock',
    summary: 'Set what is available of a product, and its price',
    description: 'Orders that were placed at another price are refunded when they are worked off.',
    params,
    headers: z.object({ authorization: z.string().optional() }),
    body: stockSchema,
    responses: {
      200: { description: 'The product as set.', schema: productSchema },
      401: { description: "The operator's token is missing or wrong." },
    },
    async handle({ params: { product_id }, headers, body }) {
      assertStarted();
      requireOperator(operatorToken, headers.authorization, "Changing the stock asks for the operator's token");
      const price_minor = minorFromDecimal(body.price) ?? Number.NaN;
      const product = await repository.set({ _id: product_id, quantity: body.quantity, price_minor }, setWithinMs);
      return { status: 200, body: productView(product) };
    },
  });

  return [list, get, set];
}
