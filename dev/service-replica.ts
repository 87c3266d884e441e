/** One process of a service: started, stopped, killed and restarted. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { everyService, services } from '@order-pipeline/events';
import { backoffMs } from '@order-pipeline/resilience';
import { lastLines } from './engines/node.ts';
import { launch, stages, type ManagedProcess, type ProcessExit } from './managed-process.ts';
import { copyLines } from './output.ts';
import { restartBackoff, stableAfterMs } from './restart-backoff.ts';
import { waitFor } from './wait-for.ts';

export type ServiceName = keyof typeof services;
/** Includes the services that no order waits for. */
export type ProcessName = keyof typeof everyService;

export interface StopResult {
  readonly exitCode: number | null;
  /** The signal that terminated it, if it has no exit code. */
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
}

export interface ServiceReplica {
  readonly service: ProcessName;
  /** From 1 within its service. */
  readonly number: number;
  /** Such as "payment-2". */
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Default SIGKILL. Resolves when the process has exited; after SIGSTOP and SIGCONT at once. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and SIGKILL after `limitMs` (default 15 s). It stays stopped until `start`. */
  stop(limitMs?: number): Promise<StopResult>;
  /** Starts it if it does not run, and waits until it is ready. */
  start(): Promise<void>;
  /** Waits until /readyz returns 200. */
  ready(): Promise<void>;
}

interface ReplicaSpec {
  readonly service: ProcessName;
  /** From 1. */
  readonly number: number;
  /** The number of the colour of its lines. */
  readonly colour: number;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly main: string;
  /** 'inherit': lines on our standard output; else the folder that gets <name>.log. */
  readonly output: 'inherit' | { readonly logDir: string };
  /** Restarts it whenever it exits, once it has been ready. */
  readonly restart: boolean;
  readonly print: (line: string) => void;
}

/**
 * Node's own defaults suit a machine of one process: up to 128 MiB for young objects alone, and a heap that doubles before
 * it is collected. With these flags a service uses about three fifths of the peak memory, at a tenth of its throughput
 * (1 MiB and 20 % used no less and cost a third), without a limit that load could reach. The Dockerfile sets the same.
 */
export const nodeFlags = ['--max-semi-space-size=8', '--heap-growing-percent=50'] as const;

/**
 * After a burst the C library's allocator keeps the space of its buffers for the next one, per thread. Made to return it, a
 * service uses 5 to 25 MiB less at the peak, at no measurable cost. Other libraries ignore this.
 */
export const allocatorSettings = {
  GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=262144:glibc.malloc.arena_max=2',
} as const;

const repository = fileURLToPath(new URL('..', import.meta.url));
const readyLimitMs = 60_000;
const stopLimitMs = 15_000;
const responseLimitMs = 2_000;

export class Replica implements ServiceReplica {
  readonly service: ProcessName;
  readonly number: number;
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly #spec: ReplicaSpec;
  #current: ManagedProcess | undefined;
  #lastLines: () => string = () => '(nothing)';
  /** Between `start` and `stop`. */
  #isWanted = false;
  /** An exit leads to a restart, once it has been ready. */
  #isSupervised = false;
  #exits = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(spec: ReplicaSpec) {
    const { service, number, port } = spec;
    this.#spec = spec;
    this.service = service;
    this.number = number;
    this.name = `${service}-${number}`;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  get pid(): number | undefined {
    return this.#running()?.pid;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const target = this.#running();
    target?.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await target?.exited;
  }

  async stop(limitMs: number = stopLimitMs): Promise<StopResult> {
    this.#isWanted = false;
    clearTimeout(this.#restartTimer);
    const startMs = performance.now();
    const target = this.#running();
    target?.kill('SIGCONT'); // a paused process could not handle SIGTERM
    const exit = (await target?.stop(limitMs)) ?? this.#current?.exit;
    return {
      exitCode: exit?.code ?? null,
      signal: exit?.signal ?? null,
      tookMs: Math.round(performance.now() - startMs),
    };
  }

  async start(): Promise<void> {
    this.#isWanted = true;
    clearTimeout(this.#restartTimer);
    if (!this.#running()) await this.#launch();
    await this.ready();
  }

  async ready(): Promise<void> {
    await waitFor(() => readyResponse(this.url), {
      what: this.name,
      timeoutMs: readyLimitMs,
      giveUp: () => this.#reasonToGiveUp(),
    });
    this.#isSupervised = this.#spec.restart;
  }

  #running(): ManagedProcess | undefined {
    return this.#current?.exit ? undefined : this.#current;
  }

  async #launch(): Promise<void> {
    const { main, env, colour } = this.#spec;
    const log = openLog(this.#spec, this.name);
    try {
      this.#current = await launch({
        command: process.execPath,
        args: [...nodeFlags, main],
        cwd: repository,
        env: { ...allocatorSettings, ...env },
        output: log?.fd ?? 'pipe',
        stage: stages.service,
      });
    } finally {
      if (log) closeSync(log.fd);
    }
    const { child, exited } = this.#current;
    this.#lastLines = log ? () => lastLines(log.file) : copyLines([child.stdout, child.stderr], this.name, colour).text;
    const startMs = performance.now();
    void exited.then((exit) => this.#onExit(exit, performance.now() - startMs));
  }

  #onExit(exit: ProcessExit, ranMs: number): void {
    if (!this.#isWanted || !this.#isSupervised) return;
    const { print } = this.#spec;
    if (ranMs >= stableAfterMs) this.#exits = 0;
    const delayMs = backoffMs(restartBackoff, this.#exits++);
    print(`${this.name} exited (${describe(exit)}); restarting it in ${(delayMs / 1000).toFixed(1)} s`);
    this.#restartTimer = setTimeout(() => {
      this.#launch().catch((error: Error) => print(`${this.name}: ${error.message}`));
    }, delayMs);
  }

  #reasonToGiveUp(): string | undefined {
    const exit = this.#current?.exit;
    if (!exit || this.#isSupervised) return undefined;
    return `it exited (${describe(exit)}); its last lines:\n${this.#lastLines()}`;
  }
}

function openLog(spec: ReplicaSpec, name: string): { readonly file: string; readonly fd: number } | undefined {
  if (spec.output === 'inherit') return undefined;
  mkdirSync(spec.output.logDir, { recursive: true });
  const file = join(spec.output.logDir, `${name}.log`);
  // Appended to, so that the last lines of a killed process are still there after its restart.
  return { file, fd: openSync(file, 'a') };
}

async function readyResponse(url: string): Promise<true> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(responseLimitMs) });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`/readyz returned ${response.status}: ${body.slice(0, 500)}`);
  return true;
}

function describe(exit: ProcessExit): string {
  return exit.signal ?? `exit code ${exit.code}`;
}
