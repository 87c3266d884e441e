/** The pipeline as `npm start` runs it, for one test file, in a temporary folder. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, jest } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { services } from '@order-pipeline/events';
import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { serviceNames, startPipeline, type Pipeline, type PipelineOptions } from '../../dev/pipeline.ts';
import { emptyKafka, emptyMongo, sharedEngines } from './shared-engines.ts';

export const startLimitMs = 120_000;
/** Generous, because a busy machine is no failure. */
jest.setTimeout(180_000);

/** The services that process an order. Tests of other services start them by `replicas`. */
export type CoreService = keyof typeof services;
export const coreServices = Object.keys(services) as CoreService[];

const noOthers = Object.fromEntries(serviceNames.filter((name) => !(name in services)).map((name) => [name, 0]));

export interface TestPipeline {
  readonly pipeline: Pipeline;
  readonly mongo: MongoClient;
  readonly kafka: Kafka;
  /** URL of a path at the first replica of the service. */
  url(service: CoreService, path: string): string;
}

export interface LoggedPipeline extends TestPipeline {
  /** What a replica, such as `order-1`, has logged until now. */
  logOf(replica: string): string;
}

interface Options extends Omit<PipelineOptions, 'dataDir'> {
  /** 'own': the file kills or pauses engines, so it has `pipeline.kafka` and `pipeline.mongo`. Default: the shared ones. */
  readonly engines?: 'own' | 'shared';
}

/** Kafka expires a killed member sooner than in production; everything else has its default. */
const shortSession = { KAFKA_SESSION_TIMEOUT_MS: '6000' };

/** Starts a pipeline before the tests of this file and stops it after them; a failed test shows the services' logs. */
export function usePipeline(options: Options = {}): LoggedPipeline {
  let running: LoggedPipeline | undefined;
  let dataDir = '';
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
    showLogsOnFailure(join(dataDir, 'logs'));
    const { engines = 'shared', ...others } = options;
    const pipeline = await startPipeline({
      ...others,
      ...(engines === 'shared' && (await emptySharedEngines())),
      dataDir,
      replicas: { ...noOthers, ...options.replicas },
      env: { ...shortSession, ...options.env },
    });
    running = {
      pipeline,
      mongo: await new MongoClient(pipeline.mongoUri).connect(),
      kafka: connect(pipeline.bootstrapServers),
      url: (service, path) => `${pipeline.services[service][0]!.url}${path}`,
      logOf: (replica) => readFileSync(join(dataDir, 'logs', `${replica}.log`), 'utf8'),
    };
  }, startLimitMs);
  afterAll(async () => {
    await running?.mongo.close();
    if (running) await stop(running.pipeline);
    rmSync(dataDir, { recursive: true, force: true });
  }, startLimitMs);
  const started = (): LoggedPipeline => {
    if (!running) throw new Error('the pipeline runs within tests only');
    return running;
  };
  return {
    get pipeline() {
      return started().pipeline;
    },
    get mongo() {
      return started().mongo;
    },
    get kafka() {
      return started().kafka;
    },
    url: (service, path) => started().url(service, path),
    logOf: (replica) => started().logOf(replica),
  };
}

async function emptySharedEngines(): Promise<Pick<PipelineOptions, 'kafka' | 'mongo'>> {
  const { bootstrapServers, mongoUri } = sharedEngines();
  await Promise.all([emptyKafka(connect(bootstrapServers)), emptyMongo(mongoUri)]);
  return { kafka: bootstrapServers, mongo: mongoUri };
}

/** Kills everything where the engines are the file's own; on shared engines the services leave their groups first. */
async function stop(pipeline: Pipeline): Promise<void> {
  if (pipeline.kafka && pipeline.mongo) {
    const replicas = Object.values(pipeline.services).flat();
    await Promise.all([...replicas, pipeline.kafka, pipeline.mongo].map((each) => each.kill()));
  }
  await pipeline.stop();
}

const connect = (bootstrapServers: string): Kafka =>
  createKafka({ brokers: bootstrapServers.split(','), clientId: 'tests' }, quietLogger);

const shownLines = 25;

/** failure-environment.mjs calls it. */
function showLogsOnFailure(logDir: string): void {
  (globalThis as { onTestFailure?: () => void }).onTestFailure = () => {
    const files = existsSync(logDir) ? readdirSync(logDir) : [];
    for (const file of files) {
      const lines = readFileSync(join(logDir, file), 'utf8').trimEnd().split('\n').slice(-shownLines);
      process.stderr.write(`\n── last lines of ${file}\n${lines.map((line) => line.slice(0, 600)).join('\n')}\n`);
    }
  };
}
