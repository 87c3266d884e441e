/** The connection to MongoDB with the guarantees that the promises rest on, and what counts as an outage of it. */
import { MongoClient, type Db } from 'mongodb';
import { backoffMs, wait, type Logger } from '@order-pipeline/messaging';

export interface Mongo {
  readonly client: MongoClient;
  readonly db: Db;
  /** Connects, however long MongoDB is away; rejects only when the signal is aborted. */
  start(signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** True while a primary is known. */
  isUp(): boolean;
}

const connectBackoff = { firstMs: 100, maxMs: 2_000 };

/**
 * Writes are acknowledged by a majority and journaled; reads see only what a majority has, so nothing that was told to
 * anyone is rolled back by a step-down.
 */
export function createMongo(uri: string, database: string, logger: Logger): Mongo {
  const client = new MongoClient(uri, {
    appName: database,
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
    readConcern: { level: 'majority' },
    retryWrites: true,
    retryReads: true,
    connectTimeoutMS: 3_000,
    serverSelectionTimeoutMS: 3_000,
    socketTimeoutMS: 15_000,
    heartbeatFrequencyMS: 2_000,
    maxPoolSize: 20,
    ignoreUndefined: true,
  });
  let up = false;
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const primary = [...newDescription.servers.values()].some(({ type }) => writableTypes.has(type));
    if (primary !== up) logger.info({ database, up: primary }, primary ? 'MongoDB is there' : 'MongoDB is away');
    up = primary;
  });
  return {
    client,
    db: client.db(database),
    async start(signal) {
      for (let attempt = 0; ; attempt += 1) {
        try {
          await client.connect();
          return;
        } catch (error) {
          // A failed first connect closes the topology: connect() has to be called anew.
          if (!isMongoOutage(error)) throw error;
          if (attempt === 0) logger.warn({ err: error, database }, 'MongoDB is not there yet, trying on');
          await wait(backoffMs(connectBackoff, attempt), signal);
        }
      }
    },
    stop: () => client.close(),
    isUp: () => up,
  };
}

const writableTypes = new Set(['RSPrimary', 'Standalone', 'Mongos', 'LoadBalancer']);

/** Names and not classes, because a name survives test realms and driver copies. */
const outageNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'MongoExpiredSessionError',
  'MongoWriteConcernError',
  'MongoClientClosedError',
]);

/** Error codes of a server that is stepping down, shutting down, or cannot reach its majority. */
const outageCodes = new Set([
  6, 7, 24, 50, 63, 64, 79, 89, 91, 133, 189, 202, 234, 262, 317, 358, 384, 9001, 10107, 11600, 11601, 11602, 13388,
  13435, 13436,
]);

interface DriverError {
  readonly name?: string;
  readonly code?: number | string;
  readonly errorLabels?: readonly string[];
  readonly cause?: unknown;
}

/** Whether waiting and trying again can help: the server is away, without a primary, or the outcome is unknown. */
export function isMongoOutage(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code, errorLabels, cause } = error as DriverError;
  return (
    outageNames.has(name ?? '') ||
    (name?.startsWith('Mongo') === true && typeof code === 'number' && outageCodes.has(code)) ||
    errorLabels?.includes('RetryableWriteError') === true ||
    errorLabels?.includes('TransientTransactionError') === true ||
    isMongoOutage(cause)
  );
}
