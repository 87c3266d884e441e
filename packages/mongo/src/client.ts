/** The connection to MongoDB with the guarantees that the promises rest on, and what counts as an outage of it. */
import type { Db, MongoClient } from 'mongodb';
import { backoffMs, wait, type Logger } from '@order-pipeline/resilience';
import { tellWhoWaitsForClosedConnections } from './mongodb-internals.ts';
import { isMongoOutage } from './driver-errors.ts';
import { createRotatingClient, type MongoAddress } from './rotating-client.ts';

export interface Mongo {
  /** The name of the database. */
  readonly database: string;
  readonly client: MongoClient;
  readonly db: Db;
  /** Connects, however long MongoDB is away; rejects only when the signal is aborted. */
  start(signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** True while a primary is known. */
  isUp(): boolean;
}

tellWhoWaitsForClosedConnections();

const connectBackoff = { firstMs: 100, maxMs: 2_000 };

/**
 * Writes are acknowledged by a majority and journaled; reads see only what a majority has, so nothing that was told to
 * anyone is rolled back by a step-down.
 *
 * An address that is a function is asked again and again, and what it answers anew (rotated credentials) is changed over
 * to without a pause.
 */
export function createMongo(address: string | (() => MongoAddress), database: string, logger: Logger): Mongo {
  let up = false;
  const mongo = createRotatingClient({
    address: typeof address === 'string' ? () => ({ uri: address }) : address,
    database,
    logger,
    clientOptions: {
      appName: database,
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
      readConcern: { level: 'majority' },
      // Every write of ours can be repeated as it is, and is, after any outage. The server's own book-keeping for that, a
      // second write for each, took a sixth of its time.
      retryWrites: false,
      retryReads: true,
      connectTimeoutMS: 3_000,
      serverSelectionTimeoutMS: 3_000,
      socketTimeoutMS: 15_000,
      heartbeatFrequencyMS: 2_000,
      maxPoolSize: 20,
      ignoreUndefined: true,
    },
    onOpen(client) {
      client.on('topologyDescriptionChanged', ({ newDescription }) => {
        // A client that is still being tried, or already retired, says nothing about what is in use.
        if (client !== mongo.current()) return;
        const primary = [...newDescription.servers.values()].some(({ type }) => writableTypes.has(type));
        if (primary !== up) logger.info({ database, up: primary }, primary ? 'MongoDB is there' : 'MongoDB is away');
        up = primary;
      });
    },
    onTakeOver: () => void (up = true),
  });
  const stopping = new AbortController();
  return {
    database,
    client: mongo.client,
    db: mongo.db,
    async start(signal) {
      for (let attempt = 0; ; attempt += 1) {
        try {
          await mongo.connect();
          break;
        } catch (error) {
          // A failed first connect closes the topology: connect() has to be called anew.
          if (!isMongoOutage(error)) throw error;
          if (attempt === 0) logger.warn({ err: error, database }, 'MongoDB is not there yet, trying on');
          await wait(backoffMs(connectBackoff, attempt), signal);
        }
      }
      if (typeof address === 'function') void mongo.follow(stopping.signal).catch(() => undefined);
    },
    async stop() {
      stopping.abort();
      await mongo.close();
    },
    isUp: () => up,
  };
}

const writableTypes = new Set(['RSPrimary', 'Standalone', 'Mongos', 'LoadBalancer']);
