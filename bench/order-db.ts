/** How the bench observes orders: by the order service's metric, and in its database, whose clock is this machine's. */
import { MongoClient } from 'mongodb';
import type { Pipeline } from '../dev/pipeline.ts';
import { waitFor } from '../dev/wait-for.ts';

/** How many orders have been shipped since the service started, by its metric, which costs little to read. */
async function shippedCount(pipeline: Pipeline): Promise<number> {
  const response = await fetch(`${pipeline.services.order[0]!.url}/metrics`);
  const count = /^orders_total\{[^}]*state="SHIPPED"[^}]*\} (\d+)$/m.exec(await response.text());
  return Number(count?.[1] ?? 0);
}

const stallLimitMs = 120_000;
const pollMs = 250;

export async function waitUntilShipped(pipeline: Pipeline, total: number): Promise<void> {
  const reached = async (): Promise<true> => {
    const shipped = await shippedCount(pipeline);
    if (shipped < total) throw new Error(`${shipped} orders of ${total} have shipped`);
    return true;
  };
  await waitFor(reached, { what: 'The last order', timeoutMs: stallLimitMs, pollMs });
}

export interface OrderDb {
  /** When the last of the orders placed since then was shipped, by order_db.orders.updated_at. */
  lastShipped(since: Date, orders: number): Promise<Date>;
  /** Calls `onShipped` for each order that becomes SHIPPED, as soon as a majority has it. */
  watchShipped(onShipped: (orderId: string) => void): Promise<{ stop(): Promise<void> }>;
  /** When each order became SHIPPED, by its document, and when each of its facts became true. */
  timesOf(orderIds: readonly string[]): Promise<OrderTimes[]>;
  close(): Promise<void>;
}

export interface OrderTimes {
  readonly orderId: string;
  readonly updatedAt: number;
  /** By fact, in milliseconds since 1970. */
  readonly facts: ReadonlyMap<string, number>;
}

interface OrderRow {
  readonly _id: string;
  readonly status: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly facts: Readonly<Record<string, { readonly time: string }>>;
}

export async function openOrderDb(uri: string): Promise<OrderDb> {
  const client = await MongoClient.connect(uri, { readConcernLevel: 'majority' });
  const orders = client.db('order_db').collection<OrderRow>('orders');
  return {
    async lastShipped(since, expected) {
      const [found] = await orders
        .aggregate<{ shipped: number; last: Date }>([
          { $match: { created_at: { $gte: since }, status: 'SHIPPED' } },
          { $group: { _id: null, shipped: { $sum: 1 }, last: { $max: '$updated_at' } } },
        ])
        .toArray();
      if (found?.shipped !== expected) throw new Error(`${found?.shipped ?? 0} of ${expected} orders are SHIPPED`);
      return found.last;
    },
    async watchShipped(onShipped) {
      const stream = orders.watch([{ $match: { 'updateDescription.updatedFields.status': 'SHIPPED' } }]);
      // Opens the stream: from here on no change is missed.
      const first = await stream.tryNext();
      const notify = (change: typeof first): void => {
        if (change && 'documentKey' in change) onShipped(change.documentKey._id);
      };
      notify(first);
      let stopped = false;
      const reading = (async () => {
        for await (const change of stream) notify(change);
      })().catch((error: unknown) => {
        if (!stopped) throw error;
      });
      return {
        async stop() {
          stopped = true;
          await stream.close();
          await reading;
        },
      };
    },
    async timesOf(orderIds) {
      const found = await orders.find({ _id: { $in: [...orderIds] }, status: 'SHIPPED' }).toArray();
      return found.map(({ _id, updated_at, facts }) => ({
        orderId: _id,
        updatedAt: updated_at.getTime(),
        facts: new Map(Object.entries(facts).map(([fact, { time }]) => [fact, Date.parse(time)])),
      }));
    },
    close: () => client.close(),
  };
}
