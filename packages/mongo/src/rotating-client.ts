/**
 * A MongoDB client whose address may change while it is in use. The driver keeps the credentials of a client for its
 * life, so another client is connected and takes over; who holds a database or a collection does not notice.
 */
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { wait, type Logger } from '@order-pipeline/resilience';

export interface MongoAddress {
  readonly uri: string;
  /** PEM of the authorities whose certificates are accepted; with it the connection is TLS. */
  readonly ca?: string | undefined;
}

export interface RotatingClient {
  /** Forwards to the client of the moment; an operation in a session stays with the session's client. */
  readonly client: MongoClient;
  readonly db: Db;
  current(): MongoClient;
  /** Connects with the address as it reads now. */
  connect(): Promise<void>;
  /** Looks at the address until the signal is aborted, and changes over when another one works. */
  follow(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface RotatingClientOptions {
  /** Called again and again; answers what it read last when the address cannot be read just now. */
  readonly address: () => MongoAddress;
  readonly database: string;
  readonly clientOptions: MongoClientOptions;
  readonly onOpen: (client: MongoClient) => void;
  /** Another client, connected to a primary, is now in use. */
  readonly onTakeOver: () => void;
  readonly logger: Logger;
}

const lookEveryMs = 2_000;
/** Longer than any operation takes: what the former client has in hand is finished by it. */
const retireAfterMs = 30_000;

export function createRotatingClient(options: RotatingClientOptions): RotatingClient {
  const { database, logger } = options;
  const open = ({ uri, ca }: MongoAddress): MongoClient => {
    const client = new MongoClient(uri, { ...options.clientOptions, ...(ca === undefined ? {} : { tls: true, ca }) });
    options.onOpen(client);
    return client;
  };
  let used = options.address();
  let current = open(used);
  const retiring = new Map<MongoClient, NodeJS.Timeout>();

  const isNew = (address: MongoAddress): boolean => address.uri !== used.uri || address.ca !== used.ca;
  const takeOver = (address: MongoAddress, next: MongoClient): void => {
    const former = current;
    [used, current] = [address, next];
    const close = setTimeout(() => {
      retiring.delete(former);
      former.close().catch((err: unknown) => logger.debug({ err, database }, 'a retired client did not close cleanly'));
    }, retireAfterMs);
    retiring.set(former, close.unref());
  };

  return {
    client: forward(() => current),
    db: forward(() => current.db(database), {
      collection: (name: string) => forwardCollection(database, name, () => current),
    }),
    current: () => current,
    async connect() {
      const address = options.address();
      if (isNew(address)) takeOver(address, open(address));
      await current.connect();
    },
    async follow(signal) {
      for (let refused: MongoAddress | undefined; ;) {
        await wait(lookEveryMs, signal);
        const address = options.address();
        if (!isNew(address)) continue;
        let next: MongoClient | undefined;
        try {
          next = open(address);
          await next.connect();
        } catch (err) {
          // What was connected before goes on; perhaps the server does not know the new password yet.
          if (refused?.uri !== address.uri || refused.ca !== address.ca) {
            logger.warn({ err, database }, 'MongoDB does not take the renewed credentials yet, trying on');
          }
          refused = address;
          await next?.close().catch(() => undefined);
          continue;
        }
        takeOver(address, next);
        options.onTakeOver();
        logger.info({ database }, 'changed over to renewed MongoDB credentials');
      }
    },
    async close() {
      for (const timer of retiring.values()) clearTimeout(timer);
      await Promise.all([current, ...retiring.keys()].map((client) => client.close()));
    },
  };
}

/** Stands for an object that may be another one each time; what `own` has comes from there. */
function forward<T extends object>(now: () => T, own: Partial<Record<keyof T, unknown>> = {}): T {
  return new Proxy({} as T, {
    get(_, key) {
      if (Object.hasOwn(own, key)) return own[key as keyof T];
      const target = now();
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function forwardCollection(database: string, name: string, now: () => MongoClient): object {
  // Made once per client: each new one copies all options of the client.
  const collections = new WeakMap<MongoClient, object>();
  const collectionOf = (client: MongoClient): object => {
    const known = collections.get(client) ?? client.db(database).collection(name);
    collections.set(client, known);
    return known;
  };
  return new Proxy(
    {},
    {
      get(_, key) {
        const value: unknown = Reflect.get(collectionOf(now()), key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          // A transaction ends with the client that it began with, also when another one takes over in between.
          const collection = collectionOf(clientOfSession(args) ?? now());
          return (Reflect.get(collection, key) as (...args: unknown[]) => unknown).apply(collection, args);
        };
      },
    },
  );
}

function clientOfSession(args: readonly unknown[]): MongoClient | undefined {
  const options = args.at(-1) as { session?: { client?: MongoClient } } | null | undefined;
  return options?.session?.client;
}
