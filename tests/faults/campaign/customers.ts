/** Customers: they place orders of every kind, repeat what was not answered, cancel at random, and look from time to time. */
import { setTimeout as pause } from 'node:timers/promises';
import type { History, Intent, PlaceRequest } from './history.ts';
import type { Random } from './random.ts';

export interface CustomersOptions {
  readonly random: Random;
  readonly history: History;
  /** Addresses of the order service's replicas, as they are now. */
  readonly orderUrls: () => readonly string[];
  readonly ordersPerSecond: number;
}

export interface Customers {
  readonly placed: () => number;
  /** No new orders; resolves when the requests under way have been answered, or have timed out. */
  stop(): Promise<void>;
}

const answerLimitMs = 8_000;
const maxTries = 8;
/** Customers whose requests hang do not hold back the others, up to this many. */
const maxUnderWay = 400;

/** Enough of each for any campaign; nobody ever has a piece of the last. */
export const catalogue = [
  { product_id: 'BOOK', quantity: 5_000_000, price: 12.5 },
  { product_id: 'LAMP', quantity: 5_000_000, price: 39.9 },
  { product_id: 'TEAPOT', quantity: 5_000_000, price: 0.1 },
  { product_id: 'UNICORN', quantity: 0, price: 99 },
] as const;

const priceOf = new Map<string, number>(catalogue.map(({ product_id, price }) => [product_id, price]));

export function startCustomers({ random, history, orderUrls, ordersPerSecond }: CustomersOptions): Customers {
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let wishes = 0;
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
        signal: AbortSignal.timeout(answerLimitMs),
      });
      const answer = (await response.json()) as { order_id?: string; status?: string };
      return { status: response.status, orderId: answer.order_id, state: answer.status };
    } catch {
      return { status: 0, orderId: undefined, state: undefined };
    }
  };

  const place = async (wish: PlaceRequest, replica: Random): Promise<string | undefined> => {
    const call = (calls += 1);
    history.add({ ...wish, call });
    const order = {
      customer_id: wish.customerId,
      items: wish.lines.map((line) => ({ ...line, price: priceOf.get(line.product_id)! })),
      shipping_address: '123 Main St, City, Country',
      total_amount: wish.total,
    };
    const { status, orderId, state } = await send(
      replica,
      'POST',
      '/orders',
      order,
      wish.key === undefined ? {} : { 'idempotency-key': wish.key },
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

  /** All that a customer will do is drawn before the first answer: so it does not depend on what others are told, or when. */
  const customer = async (number: number): Promise<void> => {
    const own = random.fork(`wish-${number}`);
    const [wish, mood, replica] = [newWish(number, own), newMood(own), own.fork('replica')];
    let orderId = await place(wish, replica);
    if (wish.key !== undefined) {
      for (let tries = 1; orderId === undefined && tries < maxTries; tries += 1) {
        await pause(mood.pauseMs);
        orderId = await place(wish, replica);
      }
      // Impatient ones press the button again, twice at once, though the order was accepted.
      if (mood.repeats) await Promise.all([place(wish, replica), place(wish, replica)]);
    }
    if (orderId === undefined) return;
    if (mood.cancels) {
      await pause(mood.cancelAfterMs);
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
    for (let look = 0; look < mood.looks; look += 1) {
      await pause(mood.pauseMs);
      const call = (calls += 1);
      history.add({ kind: 'look', call, orderId });
      const { status, state } = await send(replica, 'GET', `/orders/${orderId}`);
      history.add({ kind: 'read', call, orderId, status, ...(state === undefined ? {} : { state }) });
    }
  };

  const open = async (): Promise<void> => {
    const arrivals = random.fork('arrivals');
    while (!stopping.signal.aborted) {
      if (underWay.size < maxUnderWay) {
        const visit = customer((wishes += 1));
        underWay.add(visit);
        void visit.finally(() => underWay.delete(visit));
      }
      // Poisson arrivals: exponential gaps.
      const gapMs = (-Math.log(1 - arrivals.next()) * 1_000) / ordersPerSecond;
      await pause(gapMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = open();

  return {
    placed: () => wishes,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(underWay);
    },
  };
}

interface Mood {
  readonly repeats: boolean;
  readonly cancels: boolean;
  readonly cancelAfterMs: number;
  readonly looks: number;
  readonly pauseMs: number;
}

const newMood = (random: Random): Mood => ({
  repeats: random.chance(0.2),
  cancels: random.chance(0.15),
  cancelAfterMs: random.between(0, 600),
  looks: random.whole(0, 3),
  pauseMs: random.between(100, 800),
});

function newWish(wish: number, random: Random): PlaceRequest {
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
    wish,
    key: random.chance(0.7) ? `wish-${wish}` : undefined,
    intent,
    customerId: intent === 'declined' ? `DECLINE-${wish}` : `customer-${wish}`,
    total: totalMinor / 100,
    lines,
  };
}
