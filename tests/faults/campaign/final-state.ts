/** The final orders and stock, read through the API as a customer could. */
import { MongoClient } from 'mongodb';
import type { FinalOrder, FinalState } from './checker.ts';
import { catalogue } from './customers.ts';
import { longestStallMs } from './stall.ts';

interface OrderPage {
  readonly items: readonly {
    readonly order_id: string;
    readonly status: FinalOrder['state'];
    readonly customer_id: string;
    readonly total_amount: number;
    readonly items: FinalOrder['lines'];
  }[];
  readonly next_cursor: string | null;
}

export async function readFinalState(orderUrl: string, inventoryUrl: string): Promise<FinalState> {
  const orders: FinalOrder[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: OrderPage = await get<OrderPage>(
      `${orderUrl}/orders?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    for (const { order_id, status, customer_id, total_amount, items } of page.items) {
      orders.push({ orderId: order_id, state: status, customerId: customer_id, total: total_amount, lines: items });
    }
    cursor = page.next_cursor;
  }
  const stockAfter = new Map<string, number>();
  for (const { product_id } of catalogue) {
    const { quantity } = await get<{ quantity: number }>(`${inventoryUrl}/inventory/${product_id}`);
    stockAfter.set(product_id, quantity);
  }
  return {
    orders,
    stockBefore: new Map(catalogue.map(({ product_id, quantity }) => [product_id, quantity])),
    stockAfter,
  };
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}`);
  return (await response.json()) as T;
}

/** By the order service's clock, which no campaign skews. */
export async function longestStall(mongoUri: string): Promise<number> {
  const client = await new MongoClient(mongoUri).connect();
  try {
    const orders = await client
      .db('order_db')
      .collection('orders')
      .find({}, { projection: { created_at: 1, updated_at: 1 } })
      .toArray();
    return longestStallMs(
      orders.map((order) => ({
        fromMs: (order['created_at'] as Date).getTime(),
        toMs: (order['updated_at'] as Date).getTime(),
      })),
    );
  } finally {
    await client.close();
  }
}
