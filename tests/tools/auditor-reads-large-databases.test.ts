/** The auditor reads more than fits into its memory, and reads each product's stock and updates from one snapshot. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { topics } from '@order-pipeline/events';
import { stockSource } from '../../tools/src/audit/stock-source.ts';
import { openDatabases, type Databases, type Documents, type Stored } from '../../tools/src/databases.ts';
import { useKafka, useMongo } from '../support/engines.ts';

const kafka = useKafka(topics);
const mongo = useMongo();
let client: MongoClient;
let databases: Databases;

beforeAll(async () => {
  client = await new MongoClient(mongo.uri).connect();
  databases = openDatabases(client);
});
afterAll(() => client?.close());

async function insert(where: Documents, count: number, make: (number: number) => Stored): Promise<void> {
  const batch = 1_000;
  for (let start = 0; start < count; start += batch) {
    const documents = Array.from({ length: Math.min(batch, count - start) }, (_, index) => make(start + index));
    await where.insertMany(documents, { ordered: false });
  }
}

const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

test('reads tens of thousands of orders in a fraction of their size, and shows its progress', async () => {
  const count = 16_500;
  const longAgo = new Date(Date.now() - 3_600_000);
  const reason = 'R'.repeat(8_000);
  // These final orders have no documents in other services, and their facts are young.
  const declined = { topic: 'payment_processed', time: new Date().toISOString(), reason };
  await insert(databases.orders, count, (number) => ({
    _id: idOf(number),
    status: 'PAYMENT_DECLINED',
    total_minor: 100,
    created_at: longAgo,
    updated_at: longAgo,
    facts: { 'payment_processed:DECLINED': declined },
    ...(number === count - 1 ? { outbox: [{ fact: 'order_placed:PENDING', at: longAgo }] } : {}),
  }));

  const onATerminal = ['--import', 'data:text/javascript,process.stderr.isTTY = true'];
  const audit = ['tools/src/audit.ts', '--json', '--recheck-after', '50ms'];
  const { code, stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--max-old-space-size=96', ...onATerminal, ...audit],
    {
      env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers, MONGODB_URI: mongo.uri },
      timeout: 60_000,
    },
  ).then(
    (output) => ({ code: 0, ...output }),
    (ended: { code: number; stdout: string; stderr: string }) => ended,
  );
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/[█░]{20} +\d+ % {2}orders [1-9]\d*\/16500/),
  });
  const { checked, rules } = JSON.parse(stdout);
  expect(checked.orders).toBe(count);
  expect(rules.filter(({ violations }: any) => violations > 0)).toMatchObject([
    { id: 'outbox-is-relayed', violations: 1, examples: [{ subject: idOf(count - 1) }] },
  ]);
}, 120_000);

test('sees a concurrent release both in the stock and in the updates, or in neither', async () => {
  const [products, reservations] = [2_500, 20_000];
  const productOf = (number: number): string => `product-${number % products}`;
  const perProduct = reservations / products;
  await insert(databases.inventory, products, (number) => ({ _id: productOf(number), quantity: 0 }));
  await insert(databases.updates, products, (number) => ({
    _id: `set:${number}`,
    kind: 'set',
    product_id: productOf(number),
    delta: perProduct,
  }));
  await insert(databases.updates, reservations, (number) => ({
    _id: idOf(number),
    kind: 'reservation',
    lines: [{ product_id: productOf(number), quantity: 1 }],
    reserved: { data: { status: 'RESERVED' } },
  }));

  let released = 0;
  const reading = new AbortController();
  const releasing = async (): Promise<void> => {
    for (; released < reservations && !reading.signal.aborted; released += 1) {
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await databases.updates.updateOne({ _id: idOf(released) }, { $set: { released: {} } }, { session });
          await databases.inventory.updateOne({ _id: productOf(released) }, { $inc: { quantity: 1 } }, { session });
        }),
      );
    }
  };
  const source = stockSource(databases, reading.signal);
  const read = async (): Promise<void> => {
    for (let reads = 0, besideReleases = 0; besideReleases < 3; reads += 1) {
      expect(reads).toBeLessThan(20);
      const releasedBefore = released;
      const pages: number[] = [];
      await source.scan(async (page) => {
        pages.push(page.length);
        expect(page.filter(({ on_hand, expected }) => on_hand !== expected)).toEqual([]);
      });
      expect(pages).toEqual([1_000, 1_000, 500]);
      if (released > releasedBefore) besideReleases += 1;
    }
  };
  await Promise.all([releasing(), read().finally(() => reading.abort())]);
}, 60_000);
