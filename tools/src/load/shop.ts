/** The pipeline's HTTP edges, as a customer uses them, and an operator who puts up the stock for a load. */
import { services } from '@order-pipeline/events';
import { ToolError, type Terminal } from '../command-line.ts';
import type { Fate } from './mix.ts';

/** What POST /orders said; a status of undefined means that no answer came. */
export interface Placed {
  readonly status: number | undefined;
  readonly orderId: string | undefined;
}

export interface Shop {
  /** Sees to it that there is enough of the load's own products for so many orders. Throws a ToolError. */
  fillStock(orders: number): Promise<void>;
  /** Never throws: whatever comes back is a result. */
  place(number: number, fate: Fate): Promise<Placed>;
  cancel(orderId: string): Promise<void>;
}

/** Products of the load's own, so that nobody else's stock is touched; several, because a hot one is another test. */
const products = Array.from({ length: 8 }, (_, index) => ({ product_id: `LOAD-${index + 1}`, price: 10 + index }));
const scarce = { product_id: 'LOAD-SCARCE', price: 5 };
const maxPieces = 3;
const plenty = 1_000_000_000;
const answerLimitMs = 10_000;

export function openShop({ env, signal }: Pick<Terminal, 'env' | 'signal'>): Shop {
  const orderUrl = address(env, 'ORDER_URL', services.order.port);
  const inventoryUrl = address(env, 'INVENTORY_URL', services.inventory.port);
  const token = env['OPERATOR_TOKEN'];

  const ask = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]) });
  const send = (method: string, url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    ask(url, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });

  const explained = async (url: string, request: () => Promise<Response>): Promise<Response> => {
    try {
      return await request();
    } catch (error) {
      signal.throwIfAborted();
      const { message, cause } = error as Error;
      throw new ToolError(
        `The inventory service at ${url} does not answer (${(cause as Error | undefined)?.message ?? message}); ` +
          'start the pipeline with npm start, or set INVENTORY_URL and ORDER_URL.',
      );
    }
  };

  const setStock = async ({ product_id, price }: typeof scarce, atLeast: number, quantity: number): Promise<void> => {
    const url = `${inventoryUrl}/inventory/${product_id}`;
    const found = await explained(inventoryUrl, () => ask(url));
    const stands = found.ok ? ((await found.json()) as { quantity: number; price: number }) : undefined;
    if (stands && stands.price === price && stands.quantity >= atLeast) return;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await explained(inventoryUrl, () => send('PUT', url, { quantity, price }, headers));
    if (answer.status === 401) {
      throw new ToolError('Putting up stock for the load asks for the operator’s token: set OPERATOR_TOKEN.');
    }
    if (!answer.ok)
      throw new ToolError(`PUT /inventory/${product_id} answers ${answer.status}: ${await answer.text()}`);
  };

  return {
    async fillStock(orders) {
      for (const product of products) await setStock(product, orders * maxPieces, plenty);
      await setStock(scarce, 0, 0);
    },
    place: (number, fate) => post(() => send('POST', `${orderUrl}/orders`, orderOf(number, fate))),
    async cancel(orderId) {
      await post(() => send('POST', `${orderUrl}/orders/${orderId}/cancel`, {}));
    },
  };
}

async function post(request: () => Promise<Response>): Promise<Placed> {
  try {
    const answer = await request();
    const body = (await answer.json()) as { order_id?: string };
    return { status: answer.status, orderId: answer.status === 201 ? body.order_id : undefined };
  } catch {
    return { status: undefined, orderId: undefined };
  }
}

function orderOf(number: number, fate: Fate): object {
  const { product_id, price } = fate === 'out-of-stock' ? scarce : products[number % products.length]!;
  const asked = fate === 'price-changed' ? price + 1 : price;
  const quantity = (number % maxPieces) + 1;
  return {
    customer_id: fate === 'declined' ? `DECLINE-LOAD-${number}` : `LOAD-${number}`,
    items: [{ product_id, quantity, price: asked }],
    shipping_address: '1 Load Street, Testville',
    total_amount: quantity * asked,
  };
}

function address(env: Terminal['env'], variable: string, port: number): string {
  const text = (env[variable] ?? '').trim().replace(/\/+$/u, '') || `http://localhost:${port}`;
  if (/^https?:\/\//u.test(text) && URL.canParse(text)) return text;
  throw new ToolError(`${variable}=${text} is no address; set it to one such as http://localhost:${port}.`);
}
