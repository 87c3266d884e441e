/**
 * Three inventory replicas compared with one, all contending for the three sample products. Paid orders are written to
 * Kafka directly, so that only the inventory service is measured, up to its last outcome in inventory_updated.
 */
import { MongoClient } from 'mongodb';
import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import type { Pipeline } from '../dev/pipeline.ts';
import { waitFor } from '../dev/wait-for.ts';
import { withServices, type Bench } from './bench-services.ts';
import { paidOrder } from './sample-orders.ts';

export interface ReplicaRound {
  readonly onePerSecond: number;
  readonly threePerSecond: number;
}

const stallLimitMs = 120_000;
const pollMs = 10;
const recordsPerSend = 1_000;

export async function measureReplicas(bench: Bench): Promise<ReplicaRound[]> {
  const rounds: ReplicaRound[] = [];
  for (let round = 0; round < bench.amounts.replicaRounds; round += 1) {
    const onePerSecond = await runInventory(bench, 1);
    const threePerSecond = await runInventory(bench, 3);
    bench.print(
      `  round ${round + 1}: one replica ${onePerSecond.toFixed(0)} orders/s, three ${threePerSecond.toFixed(0)}`,
    );
    rounds.push({ onePerSecond, threePerSecond });
  }
  return rounds;
}

function runInventory(bench: Bench, replicas: number): Promise<number> {
  return withServices(bench, { inventory: replicas }, async (pipeline) => {
    await reserveAll(bench, pipeline, bench.amounts.warmUp);
    return reserveAll(bench, pipeline, bench.amounts.paidOrders);
  });
}

/** Orders per second from the first event sent to the last outcome in Kafka; throws unless each order was reserved once. */
async function reserveAll(bench: Bench, { bootstrapServers }: Pipeline, orders: number): Promise<number> {
  const kafka = createKafka({ brokers: bootstrapServers.split(','), clientId: 'bench' }, quietLogger);
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const mongo = await MongoClient.connect(bench.mongo.uri, { readConcernLevel: 'majority' });
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const events = Array.from({ length: orders }, (_, index) => paidOrder(index));
    const outcomes = async (): Promise<number> =>
      (await admin.fetchTopicOffsets('inventory_updated')).reduce((sum, { high }) => sum + Number(high), 0);
    const before = await outcomes();
    const startMs = performance.now();
    for (let sent = 0; sent < orders; sent += recordsPerSend) {
      const messages = events.slice(sent, sent + recordsPerSend);
      await producer.send({
        topic: 'payment_processed',
        acks: -1,
        messages: messages.map(({ key, value, headers }) => ({ key, value, headers: { ...headers } })),
      });
    }
    const all = async (): Promise<true | undefined> => ((await outcomes()) - before >= orders ? true : undefined);
    await waitFor(all, { what: 'The last reservation', timeoutMs: stallLimitMs, pollMs });
    const seconds = (performance.now() - startMs) / 1_000;
    const reserved = await mongo
      .db('inventory_db')
      .collection<{ _id: string }>('updates')
      .countDocuments({ _id: { $in: events.map(({ key }) => key) }, status: 'RESERVED' });
    if (reserved !== orders) throw new Error(`${reserved} of ${orders} orders are RESERVED`);
    return orders / seconds;
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect(), mongo.close()]);
  }
}
