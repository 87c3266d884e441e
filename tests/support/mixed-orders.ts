/** Orders of every fate, so that a fault meets charges, refunds and refusals in whatever step they are. */
import { expect } from '@jest/globals';
import { putJson } from './http.ts';
import { orderOf, type NewOrder } from './orders.ts';
import type { TestPipeline } from './pipeline.ts';

const plenty = { product_id: 'PLENTY', quantity: 1, price: 12.34 };
const scarce = { product_id: 'SCARCE', quantity: 1, price: 5 };
const scarceStock = 25;

/** Puts up the stock that the mixed orders ask for; of the scarce product there is less than they want. */
export async function stockForMixedOrders(on: TestPipeline): Promise<void> {
  await putJson(on.url('inventory', `/inventory/${plenty.product_id}`), { quantity: 100_000, price: plenty.price });
  await putJson(on.url('inventory', `/inventory/${scarce.product_id}`), {
    quantity: scarceStock,
    price: scarce.price,
  });
}

/** Of ten orders one is declined, one is refunded for its price, two want what is scarce, and six go through. */
export function mixedOrder(number: number): NewOrder {
  switch (number % 10) {
    case 0:
      return orderOf([plenty], `DECLINE-${number}`);
    case 1:
      return orderOf([{ ...plenty, price: 1 }], `CUST-${number}`);
    case 2:
    case 3:
      return orderOf([plenty, scarce], `CUST-${number}`);
    default:
      return orderOf([{ ...plenty, quantity: (number % 3) + 1 }], `CUST-${number}`);
  }
}

interface EndedOrder {
  readonly _id: string;
  readonly status: string;
  readonly reason?: string;
  readonly customer_id: string;
  readonly items: readonly { readonly product_id: string; readonly price_minor: number }[];
}

/**
 * Each order that is stored, confirmed or not, has come to the end that its kind must come to; of the scarce ones as many
 * as the stock was enough for have shipped. For a pipeline at rest, that was given mixed orders and the article's.
 */
export async function expectEveryOrderEndedAsItShould(on: TestPipeline): Promise<void> {
  const orders = (await on.mongo.db('order_db').collection('orders').find().toArray()) as unknown as EndedOrder[];
  const endOf = ({ status, reason }: EndedOrder): string => (reason === undefined ? status : `${status} ${reason}`);
  const wantsScarce = ({ items }: EndedOrder): boolean => items.some((item) => item.product_id === scarce.product_id);
  const endsOf = (order: EndedOrder): readonly string[] => {
    if (order.customer_id.startsWith('DECLINE')) return ['PAYMENT_DECLINED CUSTOMER_DECLINED'];
    if (order.items.some(hasOtherPrice)) return ['REFUNDED PRICE_CHANGED'];
    return wantsScarce(order) ? ['SHIPPED', 'REFUNDED INSUFFICIENT_STOCK'] : ['SHIPPED'];
  };
  const wrong = orders.filter((order) => !endsOf(order).includes(endOf(order)));
  expect(wrong.map((order) => ({ _id: order._id, end: endOf(order), instead: endsOf(order) }))).toEqual([]);
  const scarceOrders = orders.filter(wantsScarce);
  expect(scarceOrders.filter(({ status }) => status === 'SHIPPED')).toHaveLength(
    Math.min(scarceStock, scarceOrders.length),
  );
}

/** Ordered at a price that is not the catalogue's. */
const hasOtherPrice = ({ product_id, price_minor }: EndedOrder['items'][number]): boolean =>
  product_id === plenty.product_id && price_minor !== Math.round(plenty.price * 100);
