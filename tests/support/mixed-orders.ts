/** Orders with every outcome, so that a fault hits charges, refunds and rejections at every step. */
import { expect } from '@jest/globals';
import { putJson } from './http.ts';
import { orderOf, type NewOrder } from './orders.ts';
import type { TestPipeline } from './pipeline.ts';

const plenty = { product_id: 'PLENTY', quantity: 1, price: 12.34 };
const scarce = { product_id: 'SCARCE', quantity: 1, price: 5 };
const scarceStock = 25;

/** Sets the stock for the mixed orders; the scarce product has less than they order. */
export async function stockForMixedOrders(on: TestPipeline): Promise<void> {
  await putJson(on.url('inventory', `/inventory/${plenty.product_id}`), { quantity: 100_000, price: plenty.price });
  await putJson(on.url('inventory', `/inventory/${scarce.product_id}`), {
    quantity: scarceStock,
    price: scarce.price,
  });
}

/** Of ten orders one is declined, one is refunded for its price, two need the scarce product, and six ship. */
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

interface FinalOrder {
  readonly _id: string;
  readonly status: string;
  readonly reason?: string;
  readonly customer_id: string;
  readonly items: readonly { readonly product_id: string; readonly price_minor: number }[];
}

/**
 * Each stored order, confirmed or not, has the outcome that is expected of its kind; as many orders of the scarce product
 * have shipped as its stock covers. For an idle pipeline that got mixed orders and the article's.
 */
export async function expectExpectedOutcomes(on: TestPipeline): Promise<void> {
  const orders = (await on.mongo.db('order_db').collection('orders').find().toArray()) as unknown as FinalOrder[];
  const outcomeOf = ({ status, reason }: FinalOrder): string => (reason === undefined ? status : `${status} ${reason}`);
  const needsScarce = ({ items }: FinalOrder): boolean => items.some((item) => item.product_id === scarce.product_id);
  const expectedOf = (order: FinalOrder): readonly string[] => {
    if (order.customer_id.startsWith('DECLINE')) return ['PAYMENT_DECLINED CUSTOMER_DECLINED'];
    if (order.items.some(hasOtherPrice)) return ['REFUNDED PRICE_CHANGED'];
    return needsScarce(order) ? ['SHIPPED', 'REFUNDED INSUFFICIENT_STOCK'] : ['SHIPPED'];
  };
  const wrong = orders.filter((order) => !expectedOf(order).includes(outcomeOf(order)));
  expect(wrong.map((order) => ({ _id: order._id, outcome: outcomeOf(order), expected: expectedOf(order) }))).toEqual(
    [],
  );
  const scarceOrders = orders.filter(needsScarce);
  expect(scarceOrders.filter(({ status }) => status === 'SHIPPED')).toHaveLength(
    Math.min(scarceStock, scarceOrders.length),
  );
}

/** Whether the item is ordered at a price that is not the catalogue's. */
const hasOtherPrice = ({ product_id, price_minor }: FinalOrder['items'][number]): boolean =>
  product_id === plenty.product_id && price_minor !== Math.round(plenty.price * 100);
