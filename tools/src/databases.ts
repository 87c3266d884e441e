/** The services' databases, opened to read: the only file of the tools that uses MongoDB's driver. */
import { MongoClient, type Collection, type Document } from 'mongodb';
import { services } from '@order-pipeline/events';
import { mongoAddress } from '@order-pipeline/service';
import { ToolError, type Terminal } from './command-line.ts';
import { connectionSettings, defaultDataDir, remedy } from './connection-settings.ts';

/** A document of which nothing is known but its key. */
export interface Stored extends Document {
  readonly _id: string;
}
export type Documents = Collection<Stored>;

export interface Databases {
  readonly orders: Documents;
  readonly payments: Documents;
  /** The payment gateway's own record of charges and refunds. */
  readonly ledger: Documents;
  /** The stock on hand of each product. */
  readonly inventory: Documents;
  /** Reservations, and changes of stock by hand. */
  readonly updates: Documents;
  readonly shipments: Documents;
}

/** With read concern majority, and enough time for one response from a large collection. Throws a ToolError. */
export async function connectMongo(
  terminal: Pick<Terminal, 'env'>,
  dataDir: string = defaultDataDir,
): Promise<MongoClient> {
  const address = mongoAddress(connectionSettings(terminal, dataDir).config);
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

export function openDatabases(client: MongoClient): Databases {
  const open = (database: string, name: string): Documents => client.db(database).collection<Stored>(name);
  return {
    orders: open(services.order.database, 'orders'),
    payments: open(services.payment.database, 'payments'),
    ledger: open('gateway_db', 'ledger'),
    inventory: open(services.inventory.database, 'inventory'),
    updates: open(services.inventory.database, 'updates'),
    shipments: open(services.shipment.database, 'shipments'),
  };
}
