/** Orders as customers place them, for the three sample products, so that orders contend for each product. */
import { randomUUID } from 'node:crypto';
import { decimalFromMinor, encodeEvent, totalMinor, type EncodedEvent } from '@order-pipeline/events';

const products = [
  { product_id: 'P001', price_minor: 29_99 },
  { product_id: 'P002', price_minor: 49_99 },
  { product_id: 'P003', price_minor: 19_99 },
] as const;

/** The stock of each product, so that no run exhausts it. */
const plenty = 1_000_000_000;
const customer_id = 'CUST001';
const shipping_address = '123 Main St, City, Country';

/** Two pieces of one product and one of the next, as in the article's order, for each product in turn. */
function linesOf(index: number) {
  return [
    { ...products[index % 3]!, quantity: 2 },
    { ...products[(index + 1) % 3]!, quantity: 1 },
  ];
}

/** Bodies for POST /orders, encoded before the measurement. */
const bodies = [0, 1, 2].map((index) => {
  const lines = linesOf(index);
  return JSON.stringify({
    customer_id,
    items: lines.map(({ price_minor, ...line }) => ({ ...line, price: decimalFromMinor(price_minor) })),
    shipping_address,
    total_amount: decimalFromMinor(totalMinor(lines)),
  });
});

export const orderBody = (index: number): string => bodies[index % 3]!;

/** The payment service's event of a paid order. */
export function paidOrder(index: number): EncodedEvent {
  const items = linesOf(index);
  return encodeEvent({
    type: 'payment_processed',
    data: {
      order_id: randomUUID(),
      status: 'COMPLETED',
      timestamp: new Date().toISOString(),
      amount_minor: totalMinor(items),
      currency: 'USD',
      customer_id,
      items,
      shipping_address,
    },
  });
}

export async function fillStock(inventoryUrl: string): Promise<void> {
  for (const { product_id, price_minor } of products) {
    const response = await fetch(`${inventoryUrl}/inventory/${product_id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ quantity: plenty, price: decimalFromMinor(price_minor) }),
    });
    if (!response.ok) throw new Error(`PUT /inventory/${product_id} returned ${response.status}`);
  }
}
