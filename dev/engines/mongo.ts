import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, stages, type ManagedProcess } from '../managed-process.ts';
import { freePort } from '../ports.ts';
import { SetupError } from '../setup-error.ts';
import { memberReady, replicaSetName, setReady } from './mongo-ready.ts';
import { mongodFile } from './mongod-file.ts';
import { mustBeFree } from './remembered-port.ts';
import { combine, createNode, lastLines, type EngineNode } from './node.ts';

export interface MongoOptions {
  /** Contains data, ports and logs/; a later start with the same folder uses them again. */
  readonly dataDir: string;
  /** Members of the replica set: 1, or 3 to survive the failure of one. Default 1. */
  readonly members?: 1 | 3;
  /** Of the first member, for new data only: a replica set's configuration contains its ports. Default: a free port. */
  readonly port?: number;
}

export interface MongoEngine extends EngineNode {
  readonly uri: string;
  /** Each member's port, for a `directConnection` through a proxy. */
  readonly ports: readonly number[];
  /** Each member alone; the engine's own kill, stop and start act on all of them. */
  readonly members: readonly EngineNode[];
}

const stopLimitMs = 20_000;

/**
 * Starts real MongoDB as a replica set (transactions and change streams need one) and waits until it accepts writes.
 *
 *   const mongo = await startMongo({ dataDir });
 *   await new MongoClient(mongo.uri).connect();
 *   await mongo.kill();   // SIGKILL; resolves when it has exited
 *   await mongo.start();  // same port, same data
 *   await mongo.stop();
 *
 * Throws SetupError when something on the machine is missing. It stops when this process exits, also by kill -9.
 */
export async function startMongo(options: MongoOptions): Promise<MongoEngine> {
  const mongod = await mongodFile();
  const ports = await recall(options);
  const uri = `mongodb://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/?replicaSet=${replicaSetName}`;
  const logDir = join(options.dataDir, 'logs');

  const members = ports.map((port, i) => {
    const name = `mongod-${i + 1}`;
    return createNode({
      launch: () => launchMember(mongod, { port, dir: join(options.dataDir, `member-${i + 1}`), logDir, name }),
      ready: (process) => memberReady(port, () => whyExited(process, logDir, name)),
      stopLimitMs,
    });
  });
  const all: EngineNode = combine(members, () =>
    setReady(ports, () => (all.pids.length === 0 ? `it exited; its logs are in ${logDir}` : undefined)),
  );
  try {
    await all.start();
  } catch (error) {
    await all.stop();
    throw error;
  }
  return Object.assign(all, { uri, ports, members });
}

interface Member {
  readonly port: number;
  readonly dir: string;
  readonly logDir: string;
  readonly name: string;
}

async function launchMember(mongod: string, member: Member): Promise<ManagedProcess> {
  mkdirSync(member.dir, { recursive: true });
  mkdirSync(member.logDir, { recursive: true });
  const log = join(member.logDir, `${member.name}.log`);
  if (existsSync(log)) renameSync(log, `${log}.1`); // keeps the logs of this run and of the one before
  const output = openSync(join(member.logDir, `${member.name}-console.log`), 'w');
  const flags = {
    replSet: replicaSetName,
    port: member.port,
    bind_ip: '127.0.0.1',
    dbpath: member.dir,
    logpath: log,
    oplogSize: 128,
    wiredTigerCacheSizeGB: 0.25,
    wiredTigerEngineConfigString: 'log=(file_max=16MB)',
    networkMessageCompressors: 'disabled',
  };
  const parameters = {
    diagnosticDataCollectionEnabled: false,
    // Otherwise mongod waits 15 s after a SIGTERM, for clients to use another member.
    shutdownTimeoutMillisForSignaledShutdown: 100,
  };
  try {
    return await launch({
      command: mongod,
      args: [
        ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
        ...Object.entries(parameters).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
        '--nounixsocket',
      ],
      output,
      stage: stages.engine,
    });
  } finally {
    closeSync(output);
  }
}

function whyExited(process: ManagedProcess, logDir: string, name: string): string | undefined {
  if (!process.exit) return undefined;
  return (
    `it exited (${process.exit.signal ?? `exit code ${process.exit.code}`}); its log ends with:\n` +
    lastLines(join(logDir, `${name}.log`), join(logDir, `${name}-console.log`))
  );
}

async function recall(options: MongoOptions): Promise<readonly number[]> {
  const file = join(options.dataDir, 'ports.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as number[]) : undefined;
  const count = options.members ?? known?.length ?? 1;
  if (known && (known.length !== count || (options.port ?? known[0]) !== known[0])) {
    throw new SetupError(
      `${options.dataDir} contains a replica set on port(s) ${known.join(', ')}; use the same, or delete the folder.`,
    );
  }
  await mustBeFree(known ?? [], 'MongoDB', options.dataDir);
  const ports = known ?? [options.port ?? (await freePort())];
  while (ports.length < count) ports.push(await freePort());
  mkdirSync(options.dataDir, { recursive: true });
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
