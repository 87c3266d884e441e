/** Kafka and MongoDB alone, for a test file that needs no services. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { createKafka, ensureTopics } from '@order-pipeline/kafka';
import type { TopicEntry } from '@order-pipeline/events';
import { quietLogger } from '@order-pipeline/resilience';
import { startKafka, type KafkaEngine } from '../../dev/engines/kafka.ts';
import { startMongo, type MongoEngine } from '../../dev/engines/mongo.ts';
import { startLimitMs } from './pipeline.ts';
import { emptyKafka, emptyMongo, sharedEngines } from './shared-engines.ts';

export interface TestKafka {
  readonly bootstrapServers: string;
  /** A client for the test's own reads. */
  readonly client: Kafka;
}

export interface OwnKafka extends TestKafka {
  readonly engine: KafkaEngine;
}

export interface TestMongo {
  readonly uri: string;
}

export interface OwnMongo extends TestMongo {
  readonly engine: MongoEngine;
}

/** The shared broker with these topics and nothing else. */
export function useKafka(topics: readonly TopicEntry[]): TestKafka {
  return started(async () => {
    const { bootstrapServers } = sharedEngines();
    const client = connect(bootstrapServers);
    await emptyKafka(client);
    await ensureTopics(client, { topics });
    return { bootstrapServers, client };
  });
}

/** The shared server without databases. */
export function useMongo(): TestMongo {
  return started(async () => {
    const { mongoUri } = sharedEngines();
    await emptyMongo(mongoUri);
    return { uri: mongoUri };
  });
}

/** A broker of this file's own, for tests that kill it. */
export function useOwnKafka(topics: readonly TopicEntry[]): OwnKafka {
  return started(
    async (dataDir) => {
      const engine = await startKafka({ dataDir });
      const client = connect(engine.bootstrapServers);
      await ensureTopics(client, { topics });
      return { engine, bootstrapServers: engine.bootstrapServers, client };
    },
    ({ engine }) => engine.kill(),
  );
}

/** A server of this file's own, for tests that kill it. */
export function useOwnMongo(): OwnMongo {
  return started(
    async (dataDir) => {
      const engine = await startMongo({ dataDir });
      return { engine, uri: engine.uri };
    },
    ({ engine }) => engine.kill(),
  );
}

const connect = (bootstrapServers: string): Kafka =>
  createKafka({ brokers: [bootstrapServers], clientId: 'tests' }, quietLogger);

/** Filled before the tests of the file; the temporary folder is removed after them. */
function started<T extends object>(
  start: (dataDir: string) => Promise<T>,
  stop: (value: T) => Promise<void> = async () => undefined,
): T {
  const value = {} as T;
  const dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
  beforeAll(async () => void Object.assign(value, await start(dataDir)), startLimitMs);
  afterAll(async () => {
    if (Object.keys(value).length > 0) await stop(value);
    rmSync(dataDir, { recursive: true, force: true });
  }, startLimitMs);
  return value;
}
