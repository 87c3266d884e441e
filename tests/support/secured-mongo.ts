/** MongoDB as its operator sets it up: TLS, SCRAM, and users with roles on their own databases. */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { mongodFile } from '../../dev/engines/mongod-file.ts';
import { createNode, lastLines, type EngineNode } from '../../dev/engines/node.ts';
import { launch, stages } from '../../dev/managed-process.ts';
import { freePort } from '../../dev/ports.ts';
import { waitFor } from '../../dev/wait-for.ts';
import type { Authority } from './authority.ts';

export interface Role {
  readonly role?: string;
  readonly name?: string;
  readonly db: string;
}

export interface SecuredMongo extends EngineNode {
  /** The connection string as the operator writes it into the user's Secret. */
  uri(user: string, password: string): string;
  /** Creates the user, or changes its password and roles. */
  setUser(user: string, password: string, roles: readonly Role[]): Promise<void>;
  /** A client that may do everything; to be closed by the caller. */
  connectAsAdmin(): Promise<MongoClient>;
}

const limitMs = 60_000;
const stopLimitMs = 20_000;
const adminPassword = 'admin-of-the-tests';

export async function startSecuredMongo(dir: string, authority: Authority): Promise<SecuredMongo> {
  const mongod = await mongodFile();
  const port = await freePort();
  mkdirSync(join(dir, 'data'), { recursive: true });
  const { key, certificate } = authority.issue('mongodb');
  const files = {
    ca: join(dir, 'ca.crt'),
    pem: join(dir, 'server.pem'),
    key: join(dir, 'keyfile'),
    log: join(dir, 'log'),
  };
  writeFileSync(files.ca, authority.certificate);
  writeFileSync(files.pem, key + certificate, { mode: 0o600 });
  writeFileSync(files.key, 'a'.repeat(64), { mode: 0o600 });

  const uri = (user: string, password: string): string =>
    `mongodb://${user}:${encodeURIComponent(password)}@localhost:${port}/admin?replicaSet=rs0&ssl=true`;
  const connect = (address: string): Promise<MongoClient> =>
    new MongoClient(address, { tlsCAFile: files.ca, serverSelectionTimeoutMS: 2_000 }).connect();
  const local = `mongodb://localhost:${port}/?directConnection=true&tls=true`;

  const node = createNode({
    async launch() {
      const output = openSync(join(dir, 'console.log'), 'a');
      const flags = {
        replSet: 'rs0',
        port,
        bind_ip: 'localhost',
        dbpath: join(dir, 'data'),
        logpath: files.log,
        keyFile: files.key,
        tlsMode: 'requireTLS',
        tlsCertificateKeyFile: files.pem,
        tlsCAFile: files.ca,
        oplogSize: 128,
        wiredTigerCacheSizeGB: 0.25,
      };
      const switches = ['auth', 'tlsAllowConnectionsWithoutCertificates', 'logappend', 'nounixsocket'];
      const args = [
        ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
        ...switches.map((name) => `--${name}`),
        '--setParameter=shutdownTimeoutMillisForSignaledShutdown=100',
      ];
      try {
        return await launch({ command: mongod, args, output, stage: stages.engine });
      } finally {
        closeSync(output);
      }
    },
    async ready(process) {
      await waitFor(
        async () => {
          const client = await connect(local);
          try {
            const { isWritablePrimary, isreplicaset } = await client.db('admin').command({ hello: 1 });
            return isWritablePrimary || isreplicaset ? true : undefined;
          } finally {
            await client.close();
          }
        },
        {
          what: 'mongod with TLS and users',
          timeoutMs: limitMs,
          giveUp: () => (process.exit ? `it ended:\n${lastLines(files.log)}` : undefined),
        },
      );
    },
    stopLimitMs,
  });
  await node.start();

  // While there is no user yet, a client on this machine may do these two things.
  const first = await connect(local);
  await first
    .db('admin')
    .command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `localhost:${port}` }] } });
  await waitFor(
    () =>
      first
        .db('admin')
        .command({ createUser: 'admin', pwd: adminPassword, roles: ['root'] })
        .then(() => true),
    { what: 'the first user', timeoutMs: limitMs },
  );
  await first.close();

  const connectAsAdmin = (): Promise<MongoClient> => connect(uri('admin', adminPassword));
  return Object.assign(node, {
    uri,
    connectAsAdmin,
    async setUser(user: string, pwd: string, roles: readonly Role[]) {
      const client = await connectAsAdmin();
      const admin = client.db('admin');
      const granted = roles.map(({ role, name, db }) => ({ role: role ?? name, db }));
      const { users } = await admin.command({ usersInfo: user });
      await admin.command({ [users.length > 0 ? 'updateUser' : 'createUser']: user, pwd, roles: granted });
      await client.close();
    },
  });
}
