/** What a pipeline has not processed yet: open orders and consumer lag. */
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { services } from '@order-pipeline/events';
import { openStates } from '@order-pipeline/events/order-lifecycle';
import { createGroupLagReader, type createKafka, type GroupLagReader } from '@order-pipeline/kafka';
import { serviceNames } from '../../../dev/pipeline.ts';

export interface Backlog {
  readonly openOrders: number;
  /** Records of all topics that the groups have not committed. */
  readonly lag: number;
  /** A sentence for each part of the backlog; none when it is drained. */
  readonly pending: readonly string[];
}

export interface DrainLimits {
  readonly pollMs: number;
  readonly logEveryMs: number;
  /** The longest time without progress. */
  readonly stallLimitMs: number;
  readonly overallMs: number;
}

/** Waits until the backlog is drained, while it shrinks; returns what is pending at the end of a limit. */
export async function waitUntilDrained(
  read: () => Promise<Backlog>,
  say: (line: string) => void,
  { pollMs, logEveryMs, stallLimitMs, overallMs }: DrainLimits,
): Promise<readonly string[]> {
  const begunMs = performance.now();
  let [progressMs, loggedMs] = [begunMs, begunMs];
  let least: Pick<Backlog, 'openOrders' | 'lag'> = { openOrders: Infinity, lag: Infinity };
  for (;;) {
    const { pending, ...now } = await read().catch(unknown);
    const nowMs = performance.now();
    // A processed event causes others: the lag may grow for a while, while the open orders only become fewer.
    if (now.openOrders < least.openOrders || (now.openOrders === least.openOrders && now.lag < least.lag)) {
      least = now;
      progressMs = nowMs;
    }
    if (pending.length === 0 || nowMs - progressMs > stallLimitMs || nowMs - begunMs > overallMs) return pending;
    if (nowMs - loggedMs > logEveryMs) {
      say(`not drained yet: ${pending.join('; ')}`);
      loggedMs = nowMs;
    }
    await pause(pollMs);
  }
}

const unknown = (error: unknown): Backlog => ({
  openOrders: Infinity,
  lag: Infinity,
  pending: [`the backlog cannot be read: ${String(error)}`],
});

export async function untilDrained(
  mongoUri: string,
  kafkaClient: ReturnType<typeof createKafka>,
  say: (line: string) => void,
  overallMs: number,
): Promise<readonly string[]> {
  const mongo = new MongoClient(mongoUri);
  const lagReader = createGroupLagReader(kafkaClient);
  try {
    return await waitUntilDrained(() => backlogOf(mongo, lagReader), say, {
      pollMs: 500,
      logEveryMs: 30_000,
      stallLimitMs: 120_000,
      overallMs,
    });
  } finally {
    await lagReader.stop();
    await mongo.close();
  }
}

async function backlogOf(mongo: MongoClient, lagReader: GroupLagReader): Promise<Backlog> {
  const pending: string[] = [];
  let [openOrders, lag] = [0, 0];
  const open = await mongo
    .db('order_db')
    .collection('orders')
    .aggregate<{ _id: string; count: number; oldest: string }>([
      // The second condition makes it use the index of open orders, which is small.
      { $match: { status: { $in: openStates }, updated_at: { $gt: new Date(0) } } },
      { $group: { _id: '$status', count: { $sum: 1 }, oldest: { $min: '$_id' } } },
    ])
    .toArray();
  for (const { _id: state, count, oldest } of open) {
    openOrders += count;
    pending.push(`${count} orders are ${state}, the oldest is ${oldest}`);
  }
  for (const name of serviceNames) {
    const { consumerGroup, consumes } = services[name];
    for (const topic of consumes) {
      const records = Number(await lagReader.lagOf(consumerGroup, topic));
      lag += records;
      if (records > 0) pending.push(`${consumerGroup} has a lag of ${records} in ${topic}`);
    }
  }
  return { openOrders, lag, pending };
}
