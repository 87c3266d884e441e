import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-error.ts';

/** The order in which the watchdog stops processes whose launcher was killed. */
export const stages = { launcher: 0, service: 1, engine: 2 } as const;

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /**
   * An open file descriptor for stdout and stderr, or 'pipe' to read them from `child`. 'inherit' is for a program in the
   * foreground: it shares the terminal's process group, and so receives the Ctrl-C as well.
   */
  readonly output: number | 'pipe' | 'inherit';
  readonly stage: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ManagedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<ProcessExit>;
  /** Undefined while it runs. */
  readonly exit: ProcessExit | undefined;
  /** False when the process had exited already. */
  kill(signal: NodeJS.Signals): boolean;
  /** SIGTERM, and SIGKILL when the process still runs after `graceMs`. */
  stop(graceMs: number): Promise<ProcessExit>;
}

class LaunchedProcess implements ManagedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<ProcessExit>;
  exit: ProcessExit | undefined;

  constructor(pid: number, child: ChildProcess) {
    this.pid = pid;
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
    // Without a listener a failed signal would be an uncaught error; the result of `kill` reports it.
    child.on('error', () => {});
  }

  kill(signal: NodeJS.Signals): boolean {
    return this.exit === undefined && this.child.kill(signal);
  }

  async stop(graceMs: number): Promise<ProcessExit> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    return this.exited.finally(() => clearTimeout(timer));
  }
}

let watchdog: ChildProcess | undefined;
let isStopping = false;
const running = new Set<ManagedProcess>();

/**
 * Starts a process that stops when this one exits, even by kill -9 (watchdog.mjs). It has its own process group: a Ctrl-C
 * in the terminal reaches only the launcher, which then stops its processes in order.
 */
export async function launch(spec: ProcessSpec): Promise<ManagedProcess> {
  // After stopEverything() nothing would stop it.
  if (isStopping) throw new Error(`${spec.command} is not started: everything is being stopped`);
  const guard = (watchdog ??= startWatchdog());
  const child = spawn(spec.command, spec.args, {
    stdio: spec.output === 'inherit' ? 'inherit' : ['ignore', spec.output, spec.output],
    detached: spec.output !== 'inherit',
    ...(spec.env && { env: spec.env }),
    ...(spec.cwd && { cwd: spec.cwd }),
  });
  const { pid } = child;
  if (pid === undefined) {
    const reason = await new Promise<Error>((resolve) => child.once('error', resolve));
    throw new SetupError(`Cannot run ${spec.command} (${reason.message}); check that it is installed and executable.`);
  }
  guard.stdin?.write(`watch ${pid} ${spec.stage}\n`);

  const launched = new LaunchedProcess(pid, child);
  running.add(launched);
  child.once('exit', () => {
    guard.stdin?.write(`forget ${pid}\n`);
    running.delete(launched);
  });
  return launched;
}

function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('watchdog.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // It must not keep this process alive: by the end of its input it learns that this process has exited.
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin?.on('error', () => {});
  return child;
}

/** Whether a process with this pid exists. */
export function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The watchdog's pid. Once the watchdog has exited, no process that was started here is left. */
export const watchdogPid = (): number => (watchdog ??= startWatchdog()).pid ?? 0;

/** Stops all that was started here, services before engines, at any moment of a start; `launch` throws afterwards. */
export async function stopEverything(): Promise<void> {
  isStopping = true;
  const guard = watchdog;
  if (!guard || guard.exitCode !== null) return;
  guard.ref();
  const exited = new Promise((resolve) => guard.once('exit', resolve));
  guard.stdin?.end();
  await exited;
}

/** Kills all that was started here. */
export function killEverything(): void {
  for (const process of running) process.kill('SIGKILL');
}
