/** Whether a pipeline has anything left to do, asked from outside. */
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { services } from '@order-pipeline/events';
import { openStates } from '@order-pipeline/events/order-lifecycle';
import { createGroupLagReader, type createKafka, type GroupLagReader } from '@order-pipeline/kafka';
import { serviceNames } from '../../../dev/pipeline.ts';

export interface Backlog {
  readonly openOrders: number;
  /** Records that the groups have not committed, of all topics. */
  readonly lag: number;
  /** A sentence for each thing that is left; none at rest. */
  readonly left: readonly string[];
}

export interface Patience {
  readonly lookEveryMs: number;
  readonly sayEveryMs: number;
  /** For so long the backlog may not shrink. */
  readonly standstillMs: number;
  readonly overallMs: number;
}

/** Waits until nothing is left, as long as the backlog goes on shrinking; answers what is left when it is given up. */
export async function waitForRest(
  look: () => Promise<Backlog>,
  say: (line: string) => void,
  { lookEveryMs, sayEveryMs, standstillMs, overallMs }: Patience,
): Promise<readonly string[]> {
  const begunMs = performance.now();
  let [shrunkMs, saidMs] = [begunMs, begunMs];
  let least: Pick<Backlog, 'openOrders' | 'lag'> = { openOrders: Infinity, lag: Infinity };
  for (;;) {
    const { left, ...now } = await look().catch(unknown);
    const nowMs = performance.now();
    // Working an event off makes others: the lag may grow for a while, the open orders only become fewer.
    if (now.openOrders < least.openOrders || (now.openOrders === least.openOrders && now.lag < least.lag)) {
      least = now;
      shrunkMs = nowMs;
    }
    if (left.length === 0 || nowMs - shrunkMs > standstillMs || nowMs - begunMs > overallMs) return left;
    if (nowMs - saidMs > sayEveryMs) {
      say(`not at rest yet: ${left.join('; ')}`);
      saidMs = nowMs;
    }
    await pause(lookEveryMs);
  }
}

const unknown = (error: unknown): Backlog => ({
  openOrders: Infinity,
  lag: Infinity,
  left: [`the backlog cannot be read: ${String(error)}`],
});

export async function untilRest(
  mongoUri: string,
  kafkaClient: ReturnType<typeof createKafka>,
  say: (line: string) => void,
  overallMs: number,
): Promise<readonly string[]> {
  const mongo = new MongoClient(mongoUri);
  const lagReader = createGroupLagReader(kafkaClient);
  try {
    return await waitForRest(() => backlogOf(mongo, lagReader), say, {
      lookEveryMs: 500,
      sayEveryMs: 30_000,
      standstillMs: 120_000,
      overallMs,
    });
  } finally {
    await lagReader.stop();
    await mongo.close();
  }
}

async function backlogOf(mongo: MongoClient, lagReader: GroupLagReader): Promise<Backlog> {
  const left: string[] = [];
  let [openOrders, lag] = [0, 0];
  const open = await mongo
    .db('order_db')
    .collection('orders')
    .aggregate<{ _id: string; count: number; oldest: string }>([
      // The second condition gives it the index of open orders, which is small.
      { $match: { status: { $in: openStates }, updated_at: { $gt: new Date(0) } } },
      { $group: { _id: '$status', count: { $sum: 1 }, oldest: { $min: '$_id' } } },
    ])
    .toArray();
  for (const { _id: state, count, oldest } of open) {
    openOrders += count;
    left.push(`orders that are still ${state}: ${count}, the oldest ${oldest}`);
  }
  for (const name of serviceNames) {
    const { consumerGroup, consumes } = services[name];
    for (const topic of consumes) {
      const behind = Number(await lagReader.lagOf(consumerGroup, topic));
      lag += behind;
      if (behind > 0) left.push(`${consumerGroup} is ${behind} behind in ${topic}`);
    }
  }
  return { openOrders, lag, left };
}
