/** Orders as a careful client places them: with an Idempotency-Key, retried after a 503, until they are accepted. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { finalStates } from '@order-pipeline/events/order-lifecycle';
import { articleOrder, type NewOrder, type OrderItem } from './article-order.ts';
import { eventually } from './eventually.ts';
import { getJson, postJson, type HttpResponse } from './http.ts';
import type { TestPipeline } from './pipeline.ts';

export { articleOrder, type NewOrder, type OrderItem } from './article-order.ts';

export function orderOf(items: readonly OrderItem[], customer_id = 'CUST001'): NewOrder {
  const totalMinor = items.reduce((sum, { quantity, price }) => sum + quantity * Math.round(price * 100), 0);
  return { ...articleOrder, customer_id, items, total_amount: totalMinor / 100 };
}

const acceptLimitMs = 60_000;
const retryAfterMs = 200;

/** Retries a request that got no response or a 503, with the same key. */
export async function placeOrder(on: Pick<TestPipeline, 'url'>, order: NewOrder): Promise<string> {
  const headers = { 'Idempotency-Key': randomUUID() };
  const deadline = performance.now() + acceptLimitMs;
  for (;;) {
    const response = await postJson(on.url('order', '/orders'), order, headers).catch(() => undefined);
    if (response?.status === 201) return response.body.order_id as string;
    if (response && response.status !== 503)
      throw new Error(`POST /orders: ${response.status} ${JSON.stringify(response.body)}`);
    if (performance.now() > deadline) throw new Error(`no order was accepted for ${acceptLimitMs / 1000} s`);
    await pause(retryAfterMs);
  }
}

/** Places orders from `clients` clients, each of which waits for its response; `make` gets the order's number. */
export function placeOrders(
  on: TestPipeline,
  count: number,
  make: (number: number) => NewOrder,
  { clients = 16, pauseMs = 0 }: { clients?: number; pauseMs?: number } = {},
): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      ids.push(await placeOrder(on, make(next++)));
      if (pauseMs > 0) await pause(pauseMs);
    }
  };
  const placing = Promise.all(Array.from({ length: Math.min(clients, count) }, client)).then(() => ids);
  // A test that fails before it awaits this shows its own failure, not an unhandled rejection.
  placing.catch(() => undefined);
  return placing;
}

/** Waits until the order is in a final state and returns the body of GET /orders/{id}. */
export function untilFinal(on: TestPipeline, orderId: string, timeoutMs = 30_000): Promise<HttpResponse['body']> {
  return eventually(async () => {
    const url = on.url('order', `/orders/${orderId}?wait=SHIPPED&timeout_ms=5000`);
    const { body } = await getJson(url);
    expect(finalStates).toContain(body.status);
    return body;
  }, timeoutMs);
}
