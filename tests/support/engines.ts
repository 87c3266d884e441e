/** Kafka and MongoDB alone, for one test file that needs no services. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { createKafka, ensureTopics } from '@order-pipeline/kafka';
import type { TopicEntry } from '@order-pipeline/events';
import { startKafka, type KafkaEngine } from '../../dev/engines/kafka.ts';
import { startMongo, type MongoEngine } from '../../dev/engines/mongo.ts';
import { startLimitMs } from './pipeline.ts';
import { quiet } from './quiet.ts';

export interface TestKafka {
  readonly engine: KafkaEngine;
  /** A client for the test's own looks. */
  readonly client: Kafka;
}

export function useKafka(topics: readonly TopicEntry[]): TestKafka {
  return useEngine(
    async (dataDir) => {
      const engine = await startKafka({ dataDir });
      const client = createKafka({ brokers: [engine.bootstrapServers], clientId: 'tests' }, quiet);
      await ensureTopics(client, { topics });
      return { engine, client };
    },
    ({ engine }) => engine.kill(),
  );
}

export interface TestMongo {
  readonly engine: MongoEngine;
}

export function useMongo(): TestMongo {
  return useEngine(
    async (dataDir) => ({ engine: await startMongo({ dataDir }) }),
    ({ engine }) => engine.kill(),
  );
}

/** Started before the tests of the file, in a temporary folder that goes with it. */
function useEngine<T extends object>(start: (dataDir: string) => Promise<T>, stop: (started: T) => Promise<void>): T {
  const started = {} as T;
  const dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
  beforeAll(async () => void Object.assign(started, await start(dataDir)), startLimitMs);
  afterAll(async () => {
    if (Object.keys(started).length > 0) await stop(started);
    rmSync(dataDir, { recursive: true, force: true });
  }, startLimitMs);
  return started;
}
