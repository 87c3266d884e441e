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
import type { Order } from './order.ts';

const maxPrice = decimalFromMinor(maxPriceMinor);

const itemSchema = z.strictObject({
  product_id: productIdSchema,
  quantity: quantitySchema,
  price: decimalAmountSchema(maxPrice),
});

/** What POST /orders takes. The client's total is never trusted: it must be the sum of its lines. */
export const placeOrderSchema = z
  .strictObject({
    customer_id: customerIdSchema,
    items: z.array(itemSchema).min(1).max(maxItems),
    shipping_address: shippingAddressSchema,
    total_amount: decimalAmountSchema(1e12),
  })
  .check((context) => {
    // Lines that are wrong themselves add up to nothing that could be told.
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
export type PlaceOrder = z.output<typeof placeOrderSchema>;

export const linesOf = (items: PlaceOrder['items']) =>
  items.map(({ product_id, quantity, price }) => ({
    product_id,
    quantity,
    price_minor: minorFromDecimal(price) ?? Number.NaN,
  }));

export const orderSchema = z
  .object({
    order_id: z.uuid(),
    status: z.enum(orderStates),
    created_at: z.iso.datetime(),
    customer_id: z.string(),
    items: z.array(itemSchema),
    shipping_address: z.string(),
    total_amount: z.number(),
    reason: z.string().optional().describe('Why it ended otherwise than SHIPPED.'),
  })
  .meta({ id: 'Order' });

export const orderPageSchema = z
  .object({ items: z.array(orderSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'OrderPage' });

export const timelineSchema = z
  .object({
    order_id: z.uuid(),
    steps: z.array(
      z.object({
        state: z.string(),
        time: z.iso.datetime(),
        topic: z.string(),
        partition: z.int().nullable(),
        offset: z.string().nullable().describe('null until the event is known to be published.'),
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

/** The answer to POST: the order as it was accepted, the same for every repetition under one idempotency key. */
export const acceptedView = ({ reason: _, ...order }: Order): z.output<typeof orderSchema> =>
  orderView({ ...order, status: 'PENDING' });
