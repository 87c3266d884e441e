/** A tool finds the engines that `npm start` runs in another terminal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startKafka, type KafkaEngine } from '../../dev/engines/kafka.ts';
import { startMongo, type MongoEngine } from '../../dev/engines/mongo.ts';
import { connectMongo } from '../../tools/src/databases.ts';
import { connectKafka } from '../../tools/src/kafka-connection.ts';
import { startLimitMs } from '../support/pipeline.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
let kafka: KafkaEngine;
let mongo: MongoEngine;

beforeAll(async () => {
  [kafka, mongo] = await Promise.all([
    startKafka({ dataDir: join(dataDir, 'kafka') }),
    startMongo({ dataDir: join(dataDir, 'mongo') }),
  ]);
}, startLimitMs);
afterAll(async () => {
  await Promise.all([kafka?.stop(), mongo?.stop()]);
  rmSync(dataDir, { recursive: true, force: true });
}, startLimitMs);

test('finds them by the data folder if the environment names none', async () => {
  const connection = await connectKafka({ env: {} }, dataDir);
  expect((await connection.admin.describeCluster()).clusterId).toBe(kafka.clusterId);
  await connection.close();
  const client = await connectMongo({ env: {} }, dataDir);
  expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ me: `127.0.0.1:${mongo.ports[0]}` });
  await client.close();
});

test('prefers the addresses of the environment', async () => {
  await expect(connectKafka({ env: { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' } }, dataDir)).rejects.toThrow(
    /^Kafka at 127\.0\.0\.1:1 cannot be used .*; start the pipeline with npm start, or set KAFKA_BOOTSTRAP_SERVERS\.$/,
  );
  await expect(connectMongo({ env: { MONGODB_URI: 'mongodb://127.0.0.1:1/' } }, dataDir)).rejects.toThrow(
    /^MongoDB cannot be used .*; start the pipeline with npm start, or set MONGODB_URI\.$/,
  );
}, 30_000);

test('rejects a broker of another cluster on the same port', async () => {
  const file = join(dataDir, 'kafka', 'cluster.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(kafka.clusterId, 'another-cluster'));
  await expect(connectKafka({ env: {} }, dataDir)).rejects.toThrow(
    `another cluster, ${kafka.clusterId}, listens there`,
  );
});
