/** The pipeline's HTTP APIs, as a customer uses them, and as an operator does who sets the stock for a load. */
import { services } from '@order-pipeline/events';
import { ToolError, type Terminal } from '../command-line.ts';
import type { OrderKind } from './mix.ts';

/** The response to POST /orders; a status of undefined means that there was none. */
export interface Placed {
  readonly status: number | undefined;
  readonly orderId: string | undefined;
}

interface Product {
  readonly product_id: string;
  readonly price: number;
}

/** Products that only loads use, so that no other stock is changed; several, because contention is another test. */
const products = Array.from({ length: 8 }, (_, index) => ({ product_id: `LOAD-${index + 1}`, price: 10 + index }));
const scarce = { product_id: 'LOAD-SCARCE', price: 5 };
const maxQuantity = 3;
const plenty = 1_000_000_000;
const responseLimitMs = 10_000;

export class Shop {
  readonly #orderUrl: string;
  readonly #inventoryUrl: string;
  readonly #operatorToken: string | undefined;
  readonly #signal: AbortSignal;

  /** Throws a ToolError when the environment names no address. */
  constructor({ env, signal }: Pick<Terminal, 'env' | 'signal'>) {
    this.#orderUrl = address(env, 'ORDER_URL', services.order.port);
    this.#inventoryUrl = address(env, 'INVENTORY_URL', services.inventory.port);
    this.#operatorToken = env['OPERATOR_TOKEN'];
    this.#signal = signal;
  }

  /** Sets the stock of the load's products where there is not enough for so many orders. Throws a ToolError. */
  async fillStock(orders: number): Promise<void> {
    for (const product of products) await this.#setStock(product, orders * maxQuantity, plenty);
    await this.#setStock(scarce, 0, 0);
  }

  /** Never throws: a failure is a result. */
  place(number: number, kind: OrderKind): Promise<Placed> {
    return placed(this.#send('POST', `${this.#orderUrl}/orders`, orderOf(number, kind)));
  }

  /** Never throws. */
  async cancel(orderId: string): Promise<void> {
    await placed(this.#send('POST', `${this.#orderUrl}/orders/${orderId}/cancel`, {}));
  }

  async #setStock({ product_id, price }: Product, atLeast: number, quantity: number): Promise<void> {
    const url = `${this.#inventoryUrl}/inventory/${product_id}`;
    const found = await this.#mustRespond(this.#request(url));
    const stock = found.ok ? ((await found.json()) as { quantity: number; price: number }) : undefined;
    if (stock && stock.price === price && stock.quantity >= atLeast) return;
    const token = this.#operatorToken;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await this.#mustRespond(this.#send('PUT', url, { quantity, price }, headers));
    if (response.status === 401) {
      throw new ToolError('Setting the stock for the load requires the operator’s token: set OPERATOR_TOKEN.');
    }
    if (!response.ok) {
      throw new ToolError(`PUT /inventory/${product_id} returned ${response.status}: ${await response.text()}`);
    }
  }

  #request(url: string, init: RequestInit = {}): Promise<Response> {
    return fetch(url, { ...init, signal: AbortSignal.any([this.#signal, AbortSignal.timeout(responseLimitMs)]) });
  }

  #send(method: string, url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const json = { 'content-type': 'application/json', ...headers };
    return this.#request(url, { method, body: JSON.stringify(body), headers: json });
  }

  async #mustRespond(response: Promise<Response>): Promise<Response> {
    try {
      return await response;
    } catch (error) {
      this.#signal.throwIfAborted();
      const { message, cause } = error as Error;
      throw new ToolError(
        `The inventory service at ${this.#inventoryUrl} does not respond (${(cause as Error | undefined)?.message ?? message}); ` +
          'start the pipeline with npm start, or set INVENTORY_URL and ORDER_URL.',
      );
    }
  }
}

async function placed(request: Promise<Response>): Promise<Placed> {
  try {
    const response = await request;
    const body = (await response.json()) as { order_id?: string };
    return { status: response.status, orderId: response.status === 201 ? body.order_id : undefined };
  } catch {
    return { status: undefined, orderId: undefined };
  }
}

function orderOf(number: number, kind: OrderKind): object {
  const product = kind === 'out-of-stock' ? scarce : products[number % products.length]!;
  const price = kind === 'price-changed' ? product.price + 1 : product.price;
  const quantity = (number % maxQuantity) + 1;
  return {
    customer_id: kind === 'declined' ? `DECLINE-LOAD-${number}` : `LOAD-${number}`,
    items: [{ product_id: product.product_id, quantity, price }],
    shipping_address: '1 Load Street, Testville',
    total_amount: quantity * price,
  };
}

function address(env: Terminal['env'], variable: string, port: number): string {
  const text = (env[variable] ?? '').trim().replace(/\/+$/u, '') || `http://localhost:${port}`;
  if (/^https?:\/\//u.test(text) && URL.canParse(text)) return text;
  throw new ToolError(`${variable}=${text} is no address; set it to one such as http://localhost:${port}.`);
}
