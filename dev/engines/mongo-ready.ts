import { MongoClient, MongoServerError, type Document } from 'mongodb';
import { isListening } from '../ports.ts';
import { waitFor } from '../wait-for.ts';

const timeoutMs = 60_000;
export const replicaSetName = 'rs0';
/** Error code of replSetInitiate: an earlier start has done it, or the set is reading its configuration. */
const alreadyInitialized = 23;

/**
 * A client per attempt, because in driver 7 a client whose first connection fails stays closed ("Topology is closed"); and
 * only once the port is open, because after a refused connection the driver pauses for half a second.
 */
async function hello(uri: string): Promise<Document> {
  return withClient(uri, (client) => client.db('admin').command({ hello: 1 }));
}

async function withClient<T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000, connectTimeoutMS: 2_000 });
  try {
    return await work(await client.connect());
  } finally {
    await client.close();
  }
}

const direct = (port: number): string => `mongodb://127.0.0.1:${port}/?directConnection=true`;

/** Waits until this member serves: as primary, as secondary, or before its replica set is initiated. */
export async function memberReady(port: number, giveUp: () => string | undefined): Promise<void> {
  await waitFor(
    async () => {
      if (!(await isListening(port))) throw new Error('its port is closed');
      const member = await hello(direct(port));
      if (member.setName !== undefined && member.setName !== replicaSetName) {
        throw new Error(`port ${port} is another replica set (${member.setName}); stop that one`);
      }
      return member.isWritablePrimary || member.secondary || member.isreplicaset || undefined;
    },
    { what: `mongod on port ${port}`, timeoutMs, giveUp },
  );
}

/** Initiates the replica set where that has not been done, and waits until it has a primary. */
export async function setReady(ports: readonly number[], giveUp: () => string | undefined): Promise<void> {
  const first = direct(ports[0]!);
  if ((await hello(first)).isreplicaset === true) await initiate(first, ports);
  await waitFor(
    async () => {
      const members = await Promise.all(ports.map((port) => hello(direct(port))));
      return members.some((member) => member.isWritablePrimary === true) || undefined;
    },
    { what: `A primary of MongoDB on port ${ports.join(', ')}`, timeoutMs, giveUp },
  );
}

async function initiate(uri: string, ports: readonly number[]): Promise<void> {
  const members = ports.map((port, i) => ({ _id: i, host: `127.0.0.1:${port}` }));
  // A quick election when the primary is killed; a single member has no others to elect.
  const settings = ports.length > 1 ? { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 } : {};
  const config = { _id: replicaSetName, members, settings };
  try {
    await withClient(uri, (client) => client.db('admin').command({ replSetInitiate: config }));
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === alreadyInitialized)) throw error;
  }
}

/** Throws unless this is a running replica set (or a sharded cluster), which transactions need. */
export async function mustBeReplicaSet(uri: string): Promise<void> {
  const server = await hello(uri);
  if (server.setName === undefined && server.msg !== 'isdbgrid') throw new Error('it is not a replica set');
}
