/**
 * Starts one Kafka and one MongoDB for each jest worker, before the first test of a project that needs engines. A test
 * file gets the pair of its worker, emptied (shared-engines.ts): no other file uses it at the same time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka } from '../../dev/engines/kafka.ts';
import { startMongo } from '../../dev/engines/mongo.ts';

/** Read by stop-engines.mjs, in the same process. */
export const stopping = [];

export default async function startEngines({ maxWorkers }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-engines-'));
  stopping.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const start = async (worker) => {
    const dir = join(dataDir, String(worker));
    const [kafka, mongo] = await Promise.all([
      startKafka({ dataDir: join(dir, 'kafka') }),
      startMongo({ dataDir: join(dir, 'mongo') }),
    ]);
    stopping.push(() => Promise.all([kafka.kill(), mongo.kill()]));
    return { bootstrapServers: kafka.bootstrapServers, mongoUri: mongo.uri };
  };
  const pairs = await Promise.all(Array.from({ length: maxWorkers }, (_, worker) => start(worker + 1)));
  process.env.TEST_ENGINES = JSON.stringify(pairs);
}
