/** The connection to MongoDB, with the read and write concerns that the guarantees need. */
import type { Db, MongoClient } from 'mongodb';
import { backoffMs, wait, type Logger } from '@order-pipeline/resilience';
import { isMongoOutage } from './driver-errors.ts';
import { failWritesToClosedConnections } from './mongodb-internals.ts';
import { RotatingClient, type MongoAddress } from './rotating-client.ts';

/**
 * One database of a MongoDB. What `client` and `db` throw because MongoDB is unavailable is an OutageError; within
 * `client.withSession()` operations throw the driver's own errors, by whose labels a transaction decides.
 */
export interface Mongo {
  /** The name of the database. */
  readonly database: string;
  readonly client: MongoClient;
  readonly db: Db;
  /** Connects, and retries for as long as MongoDB is unavailable; rejects only when the signal is aborted. */
  start(signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** True while a primary is known. */
  isUp(): boolean;
}

failWritesToClosedConnections();

const connectBackoff = { firstMs: 100, maxMs: 2_000 };
const writableTypes = new Set(['RSPrimary', 'Standalone', 'Mongos', 'LoadBalancer']);

const clientOptions = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
  readConcern: { level: 'majority' },
  // Every write of ours can be repeated as it is, and is, after any outage. The server's own record of retried writes,
  // one more write for each, took a sixth of its time.
  retryWrites: false,
  retryReads: true,
  connectTimeoutMS: 3_000,
  serverSelectionTimeoutMS: 3_000,
  socketTimeoutMS: 15_000,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 20,
  ignoreUndefined: true,
} as const;

/**
 * Writes are acknowledged by a majority and journaled; reads see only what a majority has, so no step-down rolls back
 * what was published or returned.
 *
 * An address that is a function is read every two seconds; when it changes (rotated credentials), a new client replaces
 * the former one without a pause.
 */
export function createMongo(address: string | (() => MongoAddress), database: string, logger: Logger): Mongo {
  const stopping = new AbortController();
  let up = false;
  const rotating: RotatingClient = new RotatingClient({
    address: typeof address === 'string' ? () => ({ uri: address }) : address,
    database,
    logger,
    clientOptions: { ...clientOptions, appName: database },
    onOpen(client) {
      client.on('topologyDescriptionChanged', ({ newDescription }) => {
        // The topology of a client that is not yet in use, or retired, says nothing about the one in use.
        if (client !== rotating.current) return;
        const hasPrimary = [...newDescription.servers.values()].some(({ type }) => writableTypes.has(type));
        if (hasPrimary !== up) {
          logger.info({ database, up: hasPrimary }, hasPrimary ? 'MongoDB reachable' : 'MongoDB unreachable');
        }
        up = hasPrimary;
      });
    },
    onReplaced: () => void (up = true),
  });
  return {
    database,
    client: rotating.client,
    db: rotating.db,
    async start(signal) {
      for (let attempt = 0; ; attempt += 1) {
        try {
          await rotating.connect();
          break;
        } catch (error) {
          // A failed first connect closes the topology: connect() has to be called again.
          if (!isMongoOutage(error)) throw error;
          if (attempt === 0) logger.warn({ err: error, database }, 'MongoDB is not reachable yet, retrying');
          await wait(backoffMs(connectBackoff, attempt), signal);
        }
      }
      if (typeof address === 'function') void rotating.follow(stopping.signal).catch(() => undefined);
    },
    async stop() {
      stopping.abort();
      await rotating.close();
    },
    isUp: () => up,
  };
}
