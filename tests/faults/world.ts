/** How everything ended, asked through the API as a customer could. */
import { MongoClient } from 'mongodb';
import type { OrderState } from '../../services/order/src/order.ts';
import type { FinalWorld } from './checker.ts';
import { catalogue } from './customers.ts';

interface OrderPage {
  readonly items: readonly { order_id: string; status: OrderState; items: FinalWorld['orders'][number]['lines'] }[];
  readonly next_cursor: string | null;
}

export async function finalWorld(orderUrl: string, inventoryUrl: string): Promise<FinalWorld> {
  const orders: FinalWorld['orders'][number][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: OrderPage = await get<OrderPage>(
      `${orderUrl}/orders?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    orders.push(
      ...page.items.map(({ order_id, status, items }) => ({ orderId: order_id, state: status, lines: items })),
    );
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

/** The longest time in which no order moved while there were some to move, by the order service's clock. */
export async function longestStallMs(mongoUri: string): Promise<number> {
  const client = await new MongoClient(mongoUri).connect();
  try {
    const orders = await client
      .db('order_db')
      .collection('orders')
      .find({}, { projection: { created_at: 1, updated_at: 1 }, sort: { updated_at: 1 } })
      .toArray();
    const moves = orders.map((order) => (order['updated_at'] as Date).getTime());
    return moves.slice(1).reduce((longest, move, index) => Math.max(longest, move - moves[index]!), 0);
  } finally {
    await client.close();
  }
}
