/** Orders of every fate, so that a fault meets charges, refunds and refusals in whatever step they are. */
import { putJson } from './http.ts';
import { orderOf, type NewOrder } from './orders.ts';
import type { TestPipeline } from './pipeline.ts';

const plenty = { product_id: 'PLENTY', quantity: 1, price: 12.34 };
const scarce = { product_id: 'SCARCE', quantity: 1, price: 5 };

/** Puts up the stock that the mixed orders ask for; of the scarce product there is less than they want. */
export async function stockForMixedOrders(on: TestPipeline): Promise<void> {
  await putJson(on.url('inventory', `/inventory/${plenty.product_id}`), { quantity: 100_000, price: plenty.price });
  await putJson(on.url('inventory', `/inventory/${scarce.product_id}`), { quantity: 25, price: scarce.price });
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
