/**
 * A MongoDB client whose address may change while it is in use. The driver keeps the credentials of a client for its
 * life, so a new client connects and replaces it; the owner of a database or a collection does not notice.
 */
import { MongoClient, type Collection, type Db, type MongoClientOptions } from 'mongodb';
import { wait, type Logger } from '@order-pipeline/resilience';
import { callDriver } from './driver-edge.ts';

export interface MongoAddress {
  readonly uri: string;
  /** PEM of the authorities whose certificates are accepted; with it the connection is TLS. */
  readonly ca?: string | undefined;
}

export interface RotatingClientOptions {
  /** Called every two seconds; returns what it read last when the address cannot be read. */
  readonly address: () => MongoAddress;
  readonly database: string;
  readonly clientOptions: MongoClientOptions;
  readonly onOpen: (client: MongoClient) => void;
  /** A new client, connected to a primary, is in use. */
  readonly onReplaced: () => void;
  readonly logger: Logger;
}

const readAddressEveryMs = 2_000;
/** Longer than any operation takes: the former client finishes what it has in flight. */
const retireAfterMs = 30_000;

const isSame = (one: MongoAddress | undefined, other: MongoAddress): boolean =>
  one?.uri === other.uri && one.ca === other.ca;

export class RotatingClient {
  /** Forwards to the client that is in use; an operation in a session stays with the session's client. */
  readonly client: MongoClient;
  readonly db: Db;
  readonly #options: RotatingClientOptions;
  readonly #retiring = new Map<MongoClient, NodeJS.Timeout>();
  #address: MongoAddress;
  #current: MongoClient;

  constructor(options: RotatingClientOptions) {
    const { database } = options;
    this.#options = options;
    this.#address = options.address();
    this.#current = this.#open(this.#address);
    this.client = forward(() => this.#current);
    this.db = forward(() => this.#current.db(database), {
      collection: (name: string) => forwardCollection(database, name, () => this.#current),
    });
  }

  /** The client that is in use. */
  get current(): MongoClient {
    return this.#current;
  }

  /** Connects with the address as it reads now. */
  async connect(): Promise<void> {
    const address = this.#options.address();
    if (!isSame(this.#address, address)) this.#replace(address, this.#open(address));
    await this.#current.connect();
  }

  /** Reads the address until the signal is aborted, and replaces the client when a new address works. */
  async follow(signal: AbortSignal): Promise<void> {
    const { database, logger } = this.#options;
    for (let refused: MongoAddress | undefined; ;) {
      await wait(readAddressEveryMs, signal);
      const address = this.#options.address();
      if (isSame(this.#address, address)) continue;
      let next: MongoClient | undefined;
      try {
        next = this.#open(address);
        await next.connect();
      } catch (err) {
        // The client in use goes on; the server may not have the new password yet.
        if (!isSame(refused, address)) logger.warn({ err, database }, 'MongoDB refuses the new credentials, retrying');
        refused = address;
        await next?.close().catch(() => undefined);
        continue;
      }
      this.#replace(address, next);
      this.#options.onReplaced();
      logger.info({ database }, 'connected to MongoDB with new credentials');
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#retiring.values()) clearTimeout(timer);
    await Promise.all([this.#current, ...this.#retiring.keys()].map((client) => client.close()));
  }

  #open({ uri, ca }: MongoAddress): MongoClient {
    const { clientOptions, onOpen } = this.#options;
    const client = new MongoClient(uri, { ...clientOptions, ...(ca === undefined ? {} : { tls: true, ca }) });
    onOpen(client);
    return client;
  }

  #replace(address: MongoAddress, next: MongoClient): void {
    const { database, logger } = this.#options;
    const former = this.#current;
    this.#address = address;
    this.#current = next;
    const close = setTimeout(() => {
      this.#retiring.delete(former);
      former.close().catch((err: unknown) => logger.debug({ err, database }, 'a retired client did not close cleanly'));
    }, retireAfterMs);
    this.#retiring.set(former, close.unref());
  }
}

/** Stands for an object that may be another one at each call; the members of `own` come from there. */
function forward<T extends object>(now: () => T, own: Partial<Record<keyof T, unknown>> = {}): T {
  return new Proxy({} as T, {
    get(_, key) {
      if (Object.hasOwn(own, key)) return own[key as keyof T];
      const target = now();
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => callDriver(target, member as () => unknown, args);
    },
  });
}

function forwardCollection(database: string, name: string, now: () => MongoClient): object {
  // Made once per client: each new one copies all options of the client.
  const collections = new WeakMap<MongoClient, Collection>();
  const collectionOf = (client: MongoClient): Collection => {
    const known = collections.get(client) ?? client.db(database).collection(name);
    collections.set(client, known);
    return known;
  };
  return new Proxy(
    {},
    {
      get(_, key) {
        const member: unknown = Reflect.get(collectionOf(now()), key);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const sessionClient = clientOfSession(args);
          if (sessionClient === undefined) return callDriver(collectionOf(now()), member as () => unknown, args);
          // A transaction ends with the client that it began with, also when that has been replaced. It decides by the
          // labels of the driver's own errors; withSession() translates the error that leaves it.
          return (member as (...args: unknown[]) => unknown).apply(collectionOf(sessionClient), args);
        };
      },
    },
  );
}

function clientOfSession(args: readonly unknown[]): MongoClient | undefined {
  const options = args.at(-1) as { session?: { client?: MongoClient } } | null | undefined;
  return options?.session?.client;
}
