import { MongoClient, MongoServerError } from 'mongodb';
import { waitFor } from '../wait-for.ts';

const timeoutMs = 60_000;
const replicaSet = 'rs0';
/** Of replSetInitiate: another start has done it before, or the set is just reading its configuration. */
const alreadyInitialized = 23;

export const replicaSetName = replicaSet;

/** A client per try: in driver 7 one whose first connection failed says "Topology is closed" for ever. */
async function command<T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1_000, connectTimeoutMS: 1_000 });
  try {
    return await work(await client.connect());
  } finally {
    await client.close();
  }
}

const direct = (port: number): string => `mongodb://127.0.0.1:${port}/?directConnection=true`;

/** Waits until this member serves: it is the primary, or a secondary of a set that has others. */
export async function memberReady(port: number, giveUp: () => string | undefined): Promise<void> {
  await waitFor(
    () =>
      command(direct(port), async (client) => {
        const hello = await client.db('admin').command({ hello: 1 });
        if (hello.setName !== undefined && hello.setName !== replicaSet) {
          throw new Error(`port ${port} is another replica set (${hello.setName}); end that one`);
        }
        return hello.isWritablePrimary === true || hello.secondary === true || hello.isreplicaset === true || undefined;
      }),
    { what: `mongod on port ${port}`, timeoutMs, giveUp },
  );
}

/** Makes a replica set of the members where they are none yet, and waits until it takes writes. */
export async function setReady(ports: readonly number[], uri: string, giveUp: () => string | undefined): Promise<void> {
  await command(direct(ports[0]!), async (client) => {
    const hello = await client.db('admin').command({ hello: 1 });
    if (hello.isreplicaset !== true) return;
    const members = ports.map((port, i) => ({ _id: i, host: `127.0.0.1:${port}` }));
    // A set whose primary is killed is to have another soon; with one member there is nobody else.
    const settings = ports.length > 1 ? { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 } : {};
    await client
      .db('admin')
      .command({ replSetInitiate: { _id: replicaSet, members, settings } })
      .catch((error: unknown) => {
        if (!(error instanceof MongoServerError && error.code === alreadyInitialized)) throw error;
      });
  });
  await waitFor(
    () =>
      command(uri, async (client) => {
        const hello = await client.db('admin').command({ hello: 1 });
        return hello.isWritablePrimary === true || undefined;
      }),
    { what: `MongoDB (${uri})`, timeoutMs, giveUp },
  );
}

/** Throws unless this is a running replica set (or a sharded cluster), since transactions need one. */
export async function mustBeReplicaSet(uri: string): Promise<void> {
  await command(uri, async (client) => {
    const hello = await client.db('admin').command({ hello: 1 });
    if (hello.setName === undefined && hello.msg !== 'isdbgrid') throw new Error('it is not a replica set');
  });
}
