/** Client of the dashboard's API; its problem documents become errors that a form can show. */
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
/** Stored until the tab is closed. */
export const operatorToken = signal(sessionStorage.getItem(tokenKey) ?? '');
operatorToken.subscribe((token) => sessionStorage.setItem(tokenKey, token));

const timeoutMs = 15_000;

interface Submission {
  readonly method: 'POST' | 'PUT';
  readonly body: unknown;
  readonly idempotencyKey?: string;
}

/** Throws a Problem unless the response is 2xx. */
async function request(path: string, submission?: Submission): Promise<unknown> {
  const { method = 'GET', body, idempotencyKey } = submission ?? {};
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers: {
        ...(submission ? { 'Content-Type': 'application/json' } : {}),
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        ...(operatorToken.value === '' ? {} : { Authorization: `Bearer ${operatorToken.value}` }),
      },
      ...(submission ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    throw new Problem(0, 'The dashboard is unreachable; check that it runs');
  }
  const responseBody: unknown = await response.json().catch(() => undefined);
  if (response.ok) return responseBody;
  const { detail, errors } = (responseBody ?? {}) as { detail?: string; errors?: readonly Fault[] };
  throw new Problem(response.status, detail ?? `The dashboard responded ${response.status}`, errors);
}

/** Not crypto.randomUUID, which exists only on localhost and behind TLS. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, '0')).join('');

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
/** The id is a path: <group>/<partition>/<offset>. */
export const getDeadLetter = (id: string) => request(`/dead-letters/${id}`) as Promise<DeadLetterDetails>;
export const resolveDeadLetters = (body: {
  action: 'redriven' | 'discarded';
  ids: readonly string[];
  dry_run: boolean;
}) => request('/dead-letters/resolutions', { method: 'POST', body }) as Promise<Resolutions>;
