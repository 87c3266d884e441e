/**
 * The way to Kafka and MongoDB: by the environment, as the services have it; else to the engines that `npm start` runs
 * from its data folder; else to the usual ports of this machine.
 */
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { z } from 'zod';
import { createKafka, type TopicReader } from '@order-pipeline/kafka';
import { kafkaSecurity, mongoAddress, pipelineSettings } from '@order-pipeline/service';
import { readConfig } from '@order-pipeline/runtime';
import { quietLogger } from '@order-pipeline/resilience';
import { ToolError, type Terminal } from './command-line.ts';
import { rememberedEngines } from './remembered-engines.ts';

export interface KafkaConnection extends TopicReader {
  close(): Promise<void>;
}

const defaultDataDir = join(import.meta.dirname, '../../.data');

const settings = z.object(pipelineSettings);

interface Addresses {
  readonly config: z.output<typeof settings>;
  /** Of the cluster that `npm start` keeps, when that is the one to use. */
  readonly clusterId: string | undefined;
}

/** The variables' own names go with the defaults, so the services' rules check them all. */
function addresses({ env }: Pick<Terminal, 'env'>, dataDir: string): Addresses {
  const remembered = rememberedEngines(dataDir);
  const given = (name: string): boolean => (env[name] ?? '').trim() !== '';
  const useRememberedKafka = !given('KAFKA_BOOTSTRAP_SERVERS') && remembered.kafka !== undefined;
  const useRememberedMongo = !given('MONGODB_URI') && remembered.mongoUri !== undefined;
  return {
    config: readConfig(settings, {
      ...env,
      ...(useRememberedKafka ? { KAFKA_BOOTSTRAP_SERVERS: remembered.kafka?.bootstrapServers } : {}),
      ...(useRememberedMongo ? { MONGODB_URI: remembered.mongoUri } : {}),
    }),
    clusterId: useRememberedKafka ? remembered.kafka?.clusterId : undefined,
  };
}

const remedy = (variable: string): string => `start the pipeline with npm start, or set ${variable}`;

/** Throws a ToolError when no broker answers, or another cluster than the one that `npm start` keeps. */
export async function connectKafka(
  terminal: Pick<Terminal, 'env'>,
  dataDir: string = defaultDataDir,
): Promise<KafkaConnection> {
  const { config, clusterId } = addresses(terminal, dataDir);
  const brokers = config.KAFKA_BOOTSTRAP_SERVERS;
  const kafka = createKafka({ brokers, clientId: 'tools', ...kafkaSecurity(config, 'tools') }, quietLogger);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const found = await admin.describeCluster();
    if (clusterId !== undefined && found.clusterId !== clusterId) {
      throw new Error(`another cluster, ${found.clusterId}, listens there`);
    }
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw new ToolError(
      `Kafka at ${brokers.join(',')} cannot be used (${(error as Error).message}); ${remedy('KAFKA_BOOTSTRAP_SERVERS')}.`,
    );
  }
  return { kafka, admin, groupPrefix: 'tools', close: () => admin.disconnect() };
}

/** For reading: what a majority has, with as much time for one answer as a large collection needs. */
export async function connectMongo(
  terminal: Pick<Terminal, 'env'>,
  dataDir: string = defaultDataDir,
): Promise<MongoClient> {
  const address = mongoAddress(addresses(terminal, dataDir).config);
  const { uri, ca } = typeof address === 'string' ? { uri: address, ca: undefined } : address();
  const client = new MongoClient(uri, {
    appName: 'tools',
    readConcern: { level: 'majority' },
    serverSelectionTimeoutMS: 5_000,
    connectTimeoutMS: 3_000,
    ...(ca === undefined ? {} : { tls: true, ca }),
  });
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    throw new ToolError(`MongoDB cannot be used (${(error as Error).message}); ${remedy('MONGODB_URI')}.`);
  }
}
