/** The Kafka and the MongoDB of this jest worker (start-engines.mjs), which a test file gets empty. */
import type { Kafka } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { eventually } from './eventually.ts';

export interface EngineAddresses {
  readonly bootstrapServers: string;
  readonly mongoUri: string;
}

export function sharedEngines(): EngineAddresses {
  const pairs = JSON.parse(process.env['TEST_ENGINES'] ?? '[]') as EngineAddresses[];
  const own = pairs[Number(process.env['JEST_WORKER_ID']) - 1];
  if (!own) throw new Error('no engines were started for this test: run it with npm test');
  return own;
}

/** Longer than the session of a member that a test has killed and not started again. */
const emptyLimitMs = 30_000;

/** Deletes every topic and consumer group. */
export async function emptyKafka(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await eventually(async () => {
      const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
      if (groups.length > 0) await admin.deleteGroups(groups);
    }, emptyLimitMs);
  } finally {
    await admin.disconnect();
  }
}

const systemDatabases = new Set(['admin', 'config', 'local']);

/** Drops every database. */
export async function emptyMongo(uri: string): Promise<void> {
  const client = await new MongoClient(uri).connect();
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    const own = databases.filter(({ name }) => !systemDatabases.has(name));
    await Promise.all(own.map(({ name }) => client.db(name).dropDatabase()));
  } finally {
    await client.close();
  }
}
