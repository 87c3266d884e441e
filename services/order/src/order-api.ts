/** The HTTP shape of an order: the article's, with decimal money. */
import { z } from 'zod';
import {
  customerIdSchema,
  decimalAmountSchema,
  decimalFromMinor,
  maxItems,
  maxPriceMinor,
  minorFromDecimal,
  productIdSchema,
  quantitySchema,
  shippingAddressSchema,
  totalMinor,
} from '@order-pipeline/events';
import { orderStates } from '@order-pipeline/events/order-lifecycle';
import type { StoredOrder } from './order-repository.ts';
import { timelineOf, type Facts, type Order } from './order.ts';

const maxPrice = decimalFromMinor(maxPriceMinor);

const itemSchema = z.strictObject({
  product_id: productIdSchema,
  quantity: quantitySchema,
  price: decimalAmountSchema(maxPrice),
});

export const linesOf = (items: readonly z.output<typeof itemSchema>[]) =>
  items.map(({ product_id, quantity, price }) => ({
    product_id,
    quantity,
    price_minor: minorFromDecimal(price) ?? Number.NaN,
  }));

/** Body of POST /orders. The client's total is never trusted: it must be the sum of its lines. */
export const placeOrderSchema = z
  .strictObject({
    customer_id: customerIdSchema,
    items: z.array(itemSchema).min(1).max(maxItems),
    shipping_address: shippingAddressSchema,
    total_amount: decimalAmountSchema(1e12),
  })
  .check((context) => {
    // Invalid lines have no sum to compare with.
    if (context.issues.some(({ path }) => path?.[0] === 'items' || path?.[0] === 'total_amount')) return;
    const sum = decimalFromMinor(totalMinor(linesOf(context.value.items)));
    if (sum === context.value.total_amount) return;
    context.issues.push({
      code: 'custom',
      path: ['total_amount'],
      input: context.value.total_amount,
      message: `is ${context.value.total_amount}, but the items add up to ${sum}`,
    });
  })
  .meta({ id: 'PlaceOrder' });
export type PlaceOrderBody = z.output<typeof placeOrderSchema>;

export const orderSchema = z
  .object({
    order_id: z.uuid(),
    status: z.enum(orderStates),
    created_at: z.iso.datetime(),
    customer_id: z.string(),
    items: z.array(itemSchema),
    shipping_address: z.string(),
    total_amount: z.number(),
    reason: z.string().optional().describe('Why the order did not ship.'),
  })
  .meta({ id: 'Order' });

export const timelineSchema = z
  .object({
    order_id: z.uuid(),
    steps: z.array(
      z.object({
        state: z.string(),
        time: z.iso.datetime(),
        topic: z.string(),
        partition: z.int().nullable(),
        offset: z.string().nullable().describe('null until the event is published.'),
        reason: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Timeline' });

export const orderView = (order: Order): z.output<typeof orderSchema> => ({
  order_id: order._id,
  status: order.status,
  created_at: order.created_at.toISOString(),
  customer_id: order.customer_id,
  items: order.items.map(({ product_id, quantity, price_minor }) => ({
    product_id,
    quantity,
    price: decimalFromMinor(price_minor),
  })),
  shipping_address: order.shipping_address,
  total_amount: decimalFromMinor(order.total_minor),
  ...(order.reason === undefined ? {} : { reason: order.reason }),
});

/** Response to POST: the order as it was accepted, the same for every request with one idempotency key. */
export const acceptedView = ({ reason: _, ...order }: Order): z.output<typeof orderSchema> =>
  orderView({ ...order, status: 'PENDING' });

/** Only the relay knows the partition and offset of this service's own events. */
const withPublished = ({ facts, published }: StoredOrder): Facts =>
  Object.fromEntries(Object.entries(facts).map(([fact, record]) => [fact, { ...record, ...published?.[fact] }]));

export const timelineView = (order: StoredOrder): z.output<typeof timelineSchema> => ({
  order_id: order._id,
  steps: timelineOf(withPublished(order)).map(({ partition = null, offset = null, ...step }) => ({
    ...step,
    partition,
    offset,
  })),
});
