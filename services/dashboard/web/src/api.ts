/** The dashboard's own API, and its refusals as errors that a form can show. */
import { signal } from '@preact/signals';
import type {
  Catalogue,
  DeadLetterDetails,
  DeadLetters,
  OrderPage,
  Overview,
  Partitions,
  PlacedOrder,
  Resolutions,
} from '../../src/views.ts';
import type { OrderBody } from './order-draft.ts';

export interface Fault {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly detail: string;
}

/** RFC 9457. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly errors: readonly Fault[];

  constructor(status: number, detail: string, errors: readonly Fault[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

const tokenKey = 'operator-token';
/** Kept for as long as the tab is open. */
export const operatorToken = signal(sessionStorage.getItem(tokenKey) ?? '');
operatorToken.subscribe((token) => sessionStorage.setItem(tokenKey, token));

const limitMs = 15_000;

interface Sending {
  readonly method: 'POST' | 'PUT';
  readonly body: unknown;
  readonly idempotencyKey?: string;
}

/** Throws a Problem for every answer that is none of the 2xx. */
async function request(path: string, sending?: Sending): Promise<unknown> {
  const { method = 'GET', body, idempotencyKey } = sending ?? {};
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers: {
        ...(sending ? { 'Content-Type': 'application/json' } : {}),
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        ...(operatorToken.value === '' ? {} : { Authorization: `Bearer ${operatorToken.value}` }),
      },
      ...(sending ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(limitMs),
    });
  } catch {
    throw new Problem(0, 'The dashboard does not answer; is it still running?');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const { detail, errors } = (answer ?? {}) as { detail?: string; errors?: readonly Fault[] };
  throw new Problem(response.status, detail ?? `The dashboard answered ${response.status}`, errors);
}

const orderPath = (orderId: string): string => `/orders/${encodeURIComponent(orderId)}`;

export const getCatalogue = () => request('/catalogue') as Promise<Catalogue>;
export const setStock = (productId: string, body: { quantity: number; price: number }) =>
  request(`/catalogue/${encodeURIComponent(productId)}`, { method: 'PUT', body });
export const placeOrder = (body: OrderBody) =>
  request('/orders', { method: 'POST', body, idempotencyKey: newKey() }) as Promise<PlacedOrder>;
export const getOrder = (orderId: string) => request(orderPath(orderId)) as Promise<OrderPage>;
export const cancelOrder = (orderId: string) => request(`${orderPath(orderId)}/cancel`, { method: 'POST', body: {} });
export const getPartitions = () => request('/partitions') as Promise<Partitions>;
export const getOverview = () => request('/overview') as Promise<Overview>;
export const getDeadLetters = (resolved: boolean) =>
  request(`/dead-letters?resolved=${resolved}`) as Promise<DeadLetters>;
/** Its id has the form of a path. */
export const getDeadLetter = (id: string) => request(`/dead-letters/${id}`) as Promise<DeadLetterDetails>;
export const resolveDeadLetters = (body: {
  action: 'redriven' | 'discarded';
  ids: readonly string[];
  dry_run: boolean;
}) => request('/dead-letters/resolutions', { method: 'POST', body }) as Promise<Resolutions>;

/** A page that is not on localhost or behind TLS has no crypto.randomUUID. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, '0')).join('');
