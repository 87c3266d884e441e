/**
 * The floor: the writes and hops of an order with kafkajs and mongodb alone, in one process and in batches. It has no HTTP,
 * no validation, no decisions and no recovery, so it measures only what every pipeline needs. bench/README.md compares its
 * writes with ours.
 *
 *   node bench/floor.ts <bootstrap servers> <MongoDB URI> <orders> <orders to warm up>
 *
 * Prints "measuring" when the warm-up is done, then one line of JSON.
 */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient, type AnyBulkWriteOperation, type Collection, type Document } from 'mongodb';
import { waitFor } from '../dev/wait-for.ts';
import { startStage, type Fact } from './floor-stage.ts';
import { paidOrder } from './sample-orders.ts';

const [brokers = '', uri = '', orders = '', warmUp = ''] = process.argv.slice(2);
const batchSize = 500;
const partitions = 12;
const productIds = ['P001', 'P002', 'P003'];
const { value } = paidOrder(0);

// It has its own topics and databases, which it deletes at the end.
const run = Date.now().toString(36);
const topics = {
  placed: `floor-${run}-placed`,
  paid: `floor-${run}-paid`,
  reserved: `floor-${run}-reserved`,
  shipped: `floor-${run}-shipped`,
};

interface Row extends Document {
  readonly _id: string;
}
const client = await MongoClient.connect(uri, { writeConcern: { w: 'majority', journal: true } });
const collection = (database: string, name: string): Collection<Row> =>
  client.db(`floor_${run}_${database}`).collection<Row>(name);
const orderRows = collection('order', 'orders');
const ledger = collection('gateway', 'ledger');
const payments = collection('payment', 'payments');
const products = collection('inventory', 'inventory');
const updates = collection('inventory', 'updates');
const shipments = collection('shipment', 'shipments');
await products.insertMany(productIds.map((_id) => ({ _id, quantity: 1_000_000_000, version: 1 })));
await Promise.all([orderRows, ledger, payments, updates, shipments].map((rows) => rows.createIndex({ _id: 1 })));

const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'floor', logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  waitForLeaders: false,
  topics: Object.values(topics).map((topic) => ({ topic, numPartitions: partitions })),
});
// kafkajs repeats a whole send when one partition has no leader yet, so some records would arrive twice.
await waitFor(() => Promise.all(Object.values(topics).map((topic) => admin.fetchTopicOffsets(topic))), {
  what: "The floor's topics",
  timeoutMs: 30_000,
});
const producer = kafka.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 5 });
await producer.connect();
const send = (topic: string, facts: readonly Fact[]): Promise<unknown> =>
  producer.send({ topic, acks: -1, messages: facts.map(({ key, value }) => ({ key, value })) });

/** What a service stores about an order: its state, and the event that it published, to publish it again. */
const row = ({ key, value }: Fact, status: string): Row => ({
  _id: key,
  version: 1,
  status,
  at: new Date(),
  event: value,
});
const insert = (rows: Collection<Row>, facts: readonly Fact[], status: string): Promise<unknown> =>
  rows.insertMany(
    facts.map((fact) => row(fact, status)),
    { ordered: false },
  );

async function pay(facts: readonly Fact[]): Promise<void> {
  await ledger.insertMany(
    facts.map(({ key }) => ({ _id: `${key}:charge`, order_id: key, outcome: 'captured', at: new Date() })),
    { ordered: false },
  );
  await insert(payments, facts, 'COMPLETED');
  await send(topics.paid, facts);
}

async function reserve(facts: readonly Fact[]): Promise<void> {
  await client.withSession(async (session) => {
    session.startTransaction();
    const taken = { $inc: { quantity: -facts.length, version: 1 } };
    const operations = productIds.map((_id) => ({ updateOne: { filter: { _id }, update: taken } }));
    await products.bulkWrite(operations, { ordered: false, session });
    await updates.insertMany(
      facts.map((fact) => row(fact, 'RESERVED')),
      { session },
    );
    await session.commitTransaction();
  });
  await send(topics.reserved, facts);
}

async function ship(facts: readonly Fact[]): Promise<void> {
  await insert(shipments, facts, 'SHIPPED');
  await send(topics.shipped, facts);
}

let arrived = 0;
let onArrival = (): void => {};
/** One update per order of the batch, however many facts about it there are. */
async function record(facts: readonly Fact[]): Promise<void> {
  const operations = [...Map.groupBy(facts, ({ key }) => key)].map(([_id, known]): AnyBulkWriteOperation<Row> => ({
    updateOne: {
      filter: { _id },
      update: {
        $set: {
          status: 'SHIPPED',
          updated_at: new Date(),
          ...Object.fromEntries(known.map(({ topic }) => [`facts.${topic}`, new Date()])),
        },
      },
    },
  }));
  await orderRows.bulkWrite(operations, { ordered: false });
  arrived += facts.filter(({ topic }) => topic === topics.shipped).length;
  onArrival();
}

/** Inserts, publishes, and clears the outbox; inserts a batch while the previous one is published. */
async function place(count: number): Promise<void> {
  let publishing: Promise<unknown> = Promise.resolve();
  for (let done = 0; done < count; done += batchSize) {
    const facts = Array.from({ length: Math.min(batchSize, count - done) }, (): Fact => ({
      topic: topics.placed,
      key: randomUUID(),
      value,
    }));
    await orderRows.insertMany(
      facts.map((fact) => ({ ...row(fact, 'PENDING'), outbox: [fact.value] })),
      { ordered: false },
    );
    await publishing;
    publishing = send(topics.placed, facts).then(() =>
      orderRows.bulkWrite(
        facts.map(({ key }) => ({ updateOne: { filter: { _id: key }, update: { $unset: { outbox: 1 } } } })),
        { ordered: false, writeConcern: { w: 1 } },
      ),
    );
  }
  await publishing;
}

/** Seconds from the first insert until the last order is known to be shipped. */
async function processAll(count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  arrived = 0;
  onArrival = () => {
    if (arrived === count) resolve();
  };
  const startMs = performance.now();
  await Promise.all([place(count), promise]);
  return (performance.now() - startMs) / 1_000;
}

const stage = (name: string, from: string[], work: (facts: Fact[]) => Promise<unknown>) =>
  startStage(kafka, { group: `floor-${run}-${name}`, topics: from, batchSize, work });
const stages = await Promise.all([
  stage('payment', [topics.placed], pay),
  stage('inventory', [topics.paid], reserve),
  stage('shipment', [topics.reserved], ship),
  stage('order', [topics.paid, topics.reserved, topics.shipped], record),
]);

await processAll(Number(warmUp));
process.stdout.write('measuring\n');
const seconds = await processAll(Number(orders));
process.stdout.write(`${JSON.stringify({ seconds })}\n`);

// The parent reads this process's costs while it still runs.
await new Promise((resolve) => process.once('SIGTERM', resolve));
await Promise.all(stages.map((consumer) => consumer.disconnect()));
await admin.deleteTopics({ topics: Object.values(topics) });
for (const database of ['order', 'gateway', 'payment', 'inventory', 'shipment']) {
  await client.db(`floor_${run}_${database}`).dropDatabase();
}
await Promise.all([admin.disconnect(), producer.disconnect(), client.close()]);
