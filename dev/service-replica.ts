import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { everyService, services } from '@order-pipeline/events';
import { lastLines } from './engines/node.ts';
import { launch, stages, type ManagedProcess, type ProcessExit } from './managed-process.ts';
import { copyLines } from './output.ts';
import { restartDelayMs, stableAfterMs } from './restart-delay.ts';
import { waitFor } from './wait-for.ts';

export type ServiceName = keyof typeof services;
/** With what only watches. */
export type ProcessName = keyof typeof everyService;

export interface StopResult {
  readonly exitCode: number | null;
  /** What ended it, if no exit code did. */
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
}

/** One process of a service. */
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
  /** Default SIGKILL. Returns when the process is gone; after SIGSTOP and SIGCONT at once. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and SIGKILL after `limitMs` (default 15 s). It stays down until `start`. */
  stop(limitMs?: number): Promise<StopResult>;
  /** Starts it if it does not run, and waits until it is ready. */
  start(): Promise<void>;
  /** Waits until /readyz answers 200. */
  ready(): Promise<void>;
}

export interface ReplicaSpec {
  readonly service: ProcessName;
  /** From 1. */
  readonly number: number;
  /** For the colour of its lines. */
  readonly colour: number;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly main: string;
  /** 'inherit': lines on our standard output; else the folder that gets <name>.log. */
  readonly output: 'inherit' | { readonly logDir: string };
  /** Start it again whenever it ends, once it has been ready. */
  readonly restart: boolean;
  readonly say: (line: string) => void;
}

/**
 * Node's own defaults are for a machine of one's own: up to 128 MiB for young objects alone, and a heap that doubles before
 * it is collected. With these a service takes about three fifths of that at its peak, for a tenth of its throughput (1 MiB
 * and 20 % took no less and cost a third), and there is no limit that load could run into. The Dockerfile says the same.
 */
export const nodeFlags = ['--max-semi-space-size=8', '--heap-growing-percent=50'] as const;

/**
 * The C library's allocator learns from the buffers of a burst to keep such space for the next one, and does so for each
 * thread. Told to give it back it takes 5 to 25 MiB less at the peak, at no measurable cost. Other libraries ignore this.
 */
export const allocatorSettings = {
  GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=262144:glibc.malloc.arena_max=2',
} as const;

const repository = fileURLToPath(new URL('..', import.meta.url));
const readyLimitMs = 60_000;
const stopLimitMs = 15_000;
const answerLimitMs = 2_000;

export function createReplica(spec: ReplicaSpec): ServiceReplica {
  const name = `${spec.service}-${spec.number}`;
  const url = `http://127.0.0.1:${spec.port}`;
  let current: ManagedProcess | undefined;
  let tail: () => string = () => '(nothing)';
  let wanted = false;
  let supervised = false;
  let ends = 0;
  let timer: NodeJS.Timeout | undefined;

  const running = (): ManagedProcess | undefined => (current?.exit ? undefined : current);

  async function launchOnce(): Promise<void> {
    const log = openLog(spec, name);
    try {
      current = await launch({
        command: process.execPath,
        args: [...nodeFlags, spec.main],
        cwd: repository,
        env: { ...allocatorSettings, ...spec.env },
        output: log?.fd ?? 'pipe',
        stage: stages.service,
      });
    } finally {
      if (log) closeSync(log.fd);
    }
    const { child, exited } = current;
    tail = log ? () => lastLines(log.file) : copyLines([child.stdout, child.stderr], name, spec.colour).text;
    const startedAt = Date.now();
    void exited.then((exit) => ended(exit, Date.now() - startedAt));
  }

  function ended(exit: ProcessExit, ranMs: number): void {
    if (!wanted || !supervised) return;
    if (ranMs >= stableAfterMs) ends = 0;
    const delayMs = restartDelayMs(ends++);
    spec.say(`${name} ended (${describe(exit)}); starting it again in ${(delayMs / 1000).toFixed(1)} s`);
    timer = setTimeout(() => {
      launchOnce().catch((error: Error) => spec.say(`${name}: ${error.message}`));
    }, delayMs);
  }

  async function ready(): Promise<void> {
    const giveUp = (): string | undefined =>
      current?.exit && !supervised ? `it ended (${describe(current.exit)}); its last lines:\n${tail()}` : undefined;
    await waitFor(() => readyAnswer(url), { what: name, timeoutMs: readyLimitMs, giveUp });
    supervised = spec.restart;
  }

  return {
    service: spec.service,
    number: spec.number,
    name,
    port: spec.port,
    url,
    get pid() {
      return running()?.pid;
    },
    async kill(signal = 'SIGKILL') {
      const target = running();
      target?.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await target?.exited;
    },
    async stop(limitMs = stopLimitMs) {
      wanted = false;
      clearTimeout(timer);
      const begun = performance.now();
      const target = running();
      target?.kill('SIGCONT'); // a paused process could not obey
      const exit = (await target?.stop(limitMs)) ?? current?.exit;
      return {
        exitCode: exit?.code ?? null,
        signal: exit?.signal ?? null,
        tookMs: Math.round(performance.now() - begun),
      };
    },
    async start() {
      wanted = true;
      clearTimeout(timer);
      if (!running()) await launchOnce();
      await ready();
    },
    ready,
  };
}

function openLog(spec: ReplicaSpec, name: string): { readonly file: string; readonly fd: number } | undefined {
  if (spec.output === 'inherit') return undefined;
  mkdirSync(spec.output.logDir, { recursive: true });
  const file = join(spec.output.logDir, `${name}.log`);
  // Appended to, so that what a killed process said last is still there after its restart.
  return { file, fd: openSync(file, 'a') };
}

async function readyAnswer(url: string): Promise<true> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerLimitMs) });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`/readyz answers ${response.status}: ${body.slice(0, 500)}`);
  return true;
}

const describe = (exit: ProcessExit): string => exit.signal ?? `exit code ${exit.code}`;
