/** The auditor of `npm start`, at intervals: the dashboard shows its result. */
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { backoffMs } from '@order-pipeline/resilience';
import { launch, stages, type ManagedProcess } from './managed-process.ts';
import { copyLines } from './output.ts';
import { portOf } from './ports.ts';
import { restartBackoff } from './restart-backoff.ts';

export interface Auditor {
  readonly port: number;
  stop(): Promise<void>;
}

export interface AuditorOptions {
  readonly bootstrapServers: string;
  readonly mongoUri: string;
  readonly print: (line: string) => void;
}

const usualPort = 9_464;
export const auditorPortVariable = 'AUDITOR_PORT';
/** The port of its /metrics. */
export const auditorPort = (): number => portOf(auditorPortVariable, usualPort);

const repository = fileURLToPath(new URL('..', import.meta.url));
const every = '1m';
const stopLimitMs = 10_000;
/** A low priority: no request waits for the auditor. */
const niceness = 10;
const colour = 3;

export async function startAuditor({ bootstrapServers, mongoUri, print }: AuditorOptions): Promise<Auditor> {
  const port = auditorPort();
  const env = { HOST: '127.0.0.1', ...process.env, KAFKA_BOOTSTRAP_SERVERS: bootstrapServers, MONGODB_URI: mongoUri };
  let current: ManagedProcess | undefined;
  let stopping = false;
  let exits = 0;
  let timer: NodeJS.Timeout | undefined;

  async function run(): Promise<void> {
    const args = ['tools/src/audit.ts', '--every', every, '--metrics-port', String(port)];
    current = await launch({
      command: process.execPath,
      args,
      cwd: repository,
      env,
      output: 'pipe',
      stage: stages.service,
    });
    try {
      setPriority(current.pid, niceness);
    } catch {
      // It has exited already; restart() handles that.
    }
    copyLines([current.child.stdout, current.child.stderr], 'auditor', colour);
    void current.exited.then(restart);
  }

  function restart(): void {
    if (stopping) return;
    const delayMs = backoffMs(restartBackoff, exits++);
    print(`The auditor exited; restarting it in ${(delayMs / 1000).toFixed(1)} s`);
    timer = setTimeout(() => void run().catch((error: Error) => print(`The auditor: ${error.message}`)), delayMs);
  }

  await run();
  return {
    port,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await current?.stop(stopLimitMs);
    },
  };
}
