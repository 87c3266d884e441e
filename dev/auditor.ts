/** The auditor beside `npm start`, again and again: the dashboard shows its verdict. */
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { launch, stages, type ManagedProcess } from './managed-process.ts';
import { copyLines } from './output.ts';
import { portOf } from './ports.ts';
import { restartDelayMs } from './restart-delay.ts';

export interface Auditor {
  readonly port: number;
  stop(): Promise<void>;
}

export interface AuditorOptions {
  readonly bootstrapServers: string;
  readonly mongoUri: string;
  readonly say: (line: string) => void;
}

const usualPort = 9_464;
export const auditorPortVariable = 'AUDITOR_PORT';
/** Where it serves /metrics. */
export const auditorPort = (): number => portOf(auditorPortVariable, usualPort);

const repository = fileURLToPath(new URL('..', import.meta.url));
const every = '1m';
const stopLimitMs = 10_000;
/** Behind whatever else the machine has to do: nobody waits for it. */
const niceness = 10;
/** Of its lines. */
const colour = 3;

export async function startAuditor({ bootstrapServers, mongoUri, say }: AuditorOptions): Promise<Auditor> {
  const port = auditorPort();
  const env = { HOST: '127.0.0.1', ...process.env, KAFKA_BOOTSTRAP_SERVERS: bootstrapServers, MONGODB_URI: mongoUri };
  let current: ManagedProcess | undefined;
  let stopping = false;
  let ends = 0;
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
      // It has ended already; what follows says so.
    }
    copyLines([current.child.stdout, current.child.stderr], 'auditor', colour);
    void current.exited.then(again);
  }

  function again(): void {
    if (stopping) return;
    const delayMs = restartDelayMs(ends++);
    say(`The auditor ended; starting it again in ${(delayMs / 1000).toFixed(1)} s`);
    timer = setTimeout(() => void run().catch((error: Error) => say(`The auditor: ${error.message}`)), delayMs);
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
