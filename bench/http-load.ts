/** Places orders over HTTP: as fast as a number of connections allows, or at a steady rate, however long responses take. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Pool } from 'undici';
import { orderBody } from './sample-orders.ts';

const request = (index: number) =>
  ({
    path: '/orders',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: orderBody(index),
  }) as const;

function mustBeCreated(statusCode: number): void {
  if (statusCode !== 201)
    throw new Error(`POST /orders returned ${statusCode}: the figures would be those of refusals`);
}

/** Each connection sends its next order when it has the response to the last one. Returns the latencies in milliseconds. */
export async function postClosedLoop(
  url: string,
  { connections, more }: { connections: number; more: (sent: number) => boolean },
): Promise<number[]> {
  const latenciesMs: number[] = [];
  let sent = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client(url, { pipelining: 1 });
      while (more(sent)) {
        const startMs = performance.now();
        const { statusCode, body } = await client.request(request(sent++));
        await body.dump();
        mustBeCreated(statusCode);
        latenciesMs.push(performance.now() - startMs);
      }
      await client.close();
    }),
  );
  return latenciesMs;
}

/** For `more`: so many orders. */
export function count(orders: number): (sent: number) => boolean {
  return (sent) => sent < orders;
}

/** For `more`: orders for so long. */
export function duration(seconds: number): () => boolean {
  const endMs = performance.now() + seconds * 1_000;
  return () => performance.now() < endMs;
}

/** Returns when each order was due to be sent, by order id, so that the time in a queue counts. */
export async function postOpenLoop(
  url: string,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Map<string, number>> {
  const pool = new Pool(url, { connections: 64, pipelining: 1 });
  const dueAt = new Map<string, number>();
  const startMs = Date.now();
  const place = async (index: number, due: number): Promise<void> => {
    const { statusCode, body } = await pool.request(request(index));
    const { order_id } = (await body.json()) as { order_id: string };
    mustBeCreated(statusCode);
    dueAt.set(order_id, due);
  };
  const responses: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = startMs + (index * 1_000) / perSecond;
    if (due > Date.now()) await pause(due - Date.now());
    responses.push(place(index, due));
  }
  await Promise.all(responses);
  await pool.close();
  return dueAt;
}
