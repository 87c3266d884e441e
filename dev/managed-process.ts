import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-error.ts';

/** The order in which processes are ended after the death of their launcher. */
export const stages = { launcher: 0, service: 1, engine: 2 } as const;

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /**
   * An open file descriptor that takes stdout and stderr, or 'pipe' to read them from `child`. 'inherit' is for a program
   * that takes our place in the terminal: it shares the process group, and so gets the Ctrl-C as well.
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
  /** False when the process was gone already. */
  kill(signal: NodeJS.Signals): boolean;
  /** SIGTERM, and SIGKILL when the process is still there after `graceMs`. */
  stop(graceMs: number): Promise<ProcessExit>;
}

let watchdog: ChildProcess | undefined;
let ending = false;
const running = new Set<ManagedProcess>();

/**
 * Starts a process that ends with this one, even if this one is killed with -9 (watchdog.mjs). It gets its own process
 * group: a Ctrl-C in the terminal reaches the launcher alone, which then stops things in order.
 */
export async function launch(spec: ProcessSpec): Promise<ManagedProcess> {
  // Nobody would be left to end it.
  if (ending) throw new Error(`${spec.command} is not started: everything is being ended`);
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

  let exit: ProcessExit | undefined;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      guard.stdin?.write(`forget ${pid}\n`);
      running.delete(managed);
      exit = { code, signal };
      resolve(exit);
    });
  });
  // Without a listener a failed signal would be an uncaught error; `kill` already tells by its result.
  child.on('error', () => {});

  const kill = (signal: NodeJS.Signals): boolean => exit === undefined && child.kill(signal);
  const managed: ManagedProcess = {
    pid,
    child,
    exited,
    get exit() {
      return exit;
    },
    kill,
    async stop(graceMs) {
      kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
  };
  running.add(managed);
  return managed;
}

function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('watchdog.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // It must not keep this process alive: its end of input is exactly how it learns that this process ended.
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin?.on('error', () => {});
  return child;
}

/** The watchdog's pid: once it is gone, nothing that this process started is left. */
export const watchdogPid = (): number => (watchdog ??= startWatchdog()).pid ?? 0;

/** Ends all that was started here, services before engines, at any moment of a start-up; `launch` is of no use after. */
export async function endEverything(): Promise<void> {
  ending = true;
  const guard = watchdog;
  if (!guard || guard.exitCode !== null) return;
  guard.ref();
  const ended = new Promise((resolve) => guard.once('exit', resolve));
  guard.stdin?.end();
  await ended;
}

/** Ends all that was started here, at once and uncleanly. */
export function killEverything(): void {
  for (const process of running) process.kill('SIGKILL');
}
