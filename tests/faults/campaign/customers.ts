/** Customers place orders of every kind, repeat unconfirmed requests, cancel some orders, and read them from time to time. */
import { setTimeout as pause } from 'node:timers/promises';
import type { History, Intent, PlaceRequest } from './history.ts';
import type { Random } from './random.ts';

export interface CustomersOptions {
  readonly random: Random;
  readonly history: History;
  /** URLs of the order service's current replicas. */
  readonly orderUrls: () => readonly string[];
  readonly ordersPerSecond: number;
}

export interface Customers {
  readonly placed: () => number;
  /** Stops new orders; resolves when the requests in flight have a response or have timed out. */
  stop(): Promise<void>;
}

const responseLimitMs = 8_000;
const maxAttempts = 8;
/** The most customers with requests in flight; those that wait do not delay the others. */
const maxInFlight = 400;

/** Enough stock of each for any campaign, except of the last, which is never in stock. */
export const catalogue = [
  { product_id: 'BOOK', quantity: 5_000_000, price: 12.5 },
  { product_id: 'LAMP', quantity: 5_000_000, price: 39.9 },
  { product_id: 'TEAPOT', quantity: 5_000_000, price: 0.1 },
  { product_id: 'UNICORN', quantity: 0, price: 99 },
] as const;

const priceOf = new Map<string, number>(catalogue.map(({ product_id, price }) => [product_id, price]));

export function startCustomers({ random, history, orderUrls, ordersPerSecond }: CustomersOptions): Customers {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();
  let requests = 0;
  let calls = 0;

  const send = async (
    replica: Random,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    try {
      const response = await fetch(`${replica.pick(orderUrls())}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(responseLimitMs),
      });
      const answer = (await response.json()) as { order_id?: string; status?: string };
      return { status: response.status, orderId: answer.order_id, state: answer.status };
    } catch {
      return { status: 0, orderId: undefined, state: undefined };
    }
  };

  const place = async (request: PlaceRequest, replica: Random): Promise<string | undefined> => {
    const call = (calls += 1);
    history.add({ ...request, call });
    const order = {
      customer_id: request.customerId,
      items: request.lines.map((line) => ({ ...line, price: priceOf.get(line.product_id)! })),
      shipping_address: '123 Main St, City, Country',
      total_amount: request.total,
    };
    const { status, orderId, state } = await send(
      replica,
      'POST',
      '/orders',
      order,
      request.key === undefined ? {} : { 'idempotency-key': request.key },
    );
    history.add({
      kind: 'placed',
      call,
      status,
      ...(status === 201 && orderId !== undefined ? { orderId } : {}),
      ...(state === undefined ? {} : { state }),
    });
    return status === 201 ? orderId : undefined;
  };

  /** Everything that a customer does is drawn before its first request, so it depends on no response and no timing. */
  const customer = async (number: number): Promise<void> => {
    const own = random.fork(`request-${number}`);
    const [request, behaviour, replica] = [newRequest(number, own), newBehaviour(own), own.fork('replica')];
    let orderId = await place(request, replica);
    if (request.key !== undefined) {
      for (let attempt = 1; orderId === undefined && attempt < maxAttempts; attempt += 1) {
        await pause(behaviour.pauseMs);
        orderId = await place(request, replica);
      }
      // Some customers repeat an accepted request, twice at once.
      if (behaviour.repeats) await Promise.all([place(request, replica), place(request, replica)]);
    }
    if (orderId === undefined) return;
    if (behaviour.cancels) {
      await pause(behaviour.cancelAfterMs);
      const call = (calls += 1);
      history.add({ kind: 'cancel', call, orderId });
      const { status, state } = await send(replica, 'POST', `/orders/${orderId}/cancel`);
      history.add({
        kind: 'cancelled',
        call,
        orderId,
        status,
        ...(state === undefined ? {} : { state }),
      });
    }
    for (let read = 0; read < behaviour.reads; read += 1) {
      await pause(behaviour.pauseMs);
      const call = (calls += 1);
      history.add({ kind: 'get', call, orderId });
      const { status, state } = await send(replica, 'GET', `/orders/${orderId}`);
      history.add({ kind: 'read', call, orderId, status, ...(state === undefined ? {} : { state }) });
    }
  };

  const open = async (): Promise<void> => {
    const arrivals = random.fork('arrivals');
    while (!stopping.signal.aborted) {
      if (inFlight.size < maxInFlight) {
        const visit = customer((requests += 1));
        inFlight.add(visit);
        void visit.finally(() => inFlight.delete(visit));
      }
      // Poisson arrivals: exponential gaps.
      const gapMs = (-Math.log(1 - arrivals.next()) * 1_000) / ordersPerSecond;
      await pause(gapMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = open();

  return {
    placed: () => requests,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(inFlight);
    },
  };
}

interface Behaviour {
  readonly repeats: boolean;
  readonly cancels: boolean;
  readonly cancelAfterMs: number;
  readonly reads: number;
  readonly pauseMs: number;
}

const newBehaviour = (random: Random): Behaviour => ({
  repeats: random.chance(0.2),
  cancels: random.chance(0.15),
  cancelAfterMs: random.between(0, 600),
  reads: random.whole(0, 3),
  pauseMs: random.between(100, 800),
});

function newRequest(request: number, random: Random): PlaceRequest {
  const draw = random.next();
  const intent: Intent = draw < 0.1 ? 'declined' : draw < 0.2 ? 'unsatisfiable' : 'valid';
  const lines = Array.from({ length: random.whole(1, 3) }, () => ({
    product_id: random.pick(['BOOK', 'LAMP', 'TEAPOT']),
    quantity: random.whole(1, 5),
  }));
  if (intent === 'unsatisfiable') lines.push({ product_id: 'UNICORN', quantity: 1 });
  const totalMinor = lines.reduce(
    (sum, { product_id, quantity }) => sum + quantity * Math.round(priceOf.get(product_id)! * 100),
    0,
  );
  return {
    kind: 'place',
    request,
    key: random.chance(0.7) ? `request-${request}` : undefined,
    intent,
    customerId: intent === 'declined' ? `DECLINE-${request}` : `customer-${request}`,
    total: totalMinor / 100,
    lines,
  };
}
