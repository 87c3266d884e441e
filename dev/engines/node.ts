import { existsSync, readFileSync } from 'node:fs';
import type { ManagedProcess } from '../managed-process.ts';

/** One server process of an engine, or all of them together. */
export interface EngineNode {
  /** The pids of the running processes. */
  readonly pids: readonly number[];
  /** Default SIGKILL. Resolves when the process has exited; after SIGSTOP and SIGCONT at once. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and SIGKILL after a limit. */
  stop(): Promise<void>;
  /** Starts it on the same port and data, and waits until it serves. Does nothing if it runs. */
  start(): Promise<void>;
}

export interface NodeSpec {
  launch(): Promise<ManagedProcess>;
  /** Resolves once the process serves; throws when it has exited. */
  ready(process: ManagedProcess): Promise<void>;
  readonly stopLimitMs: number;
}

const pausing: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT'];

export function createNode(spec: NodeSpec): EngineNode {
  let process: ManagedProcess | undefined;
  const running = (): ManagedProcess | undefined => (process?.exit ? undefined : process);
  return {
    get pids() {
      return running() ? [running()!.pid] : [];
    },
    async kill(signal = 'SIGKILL') {
      const target = running();
      target?.kill(signal);
      if (!pausing.includes(signal)) await target?.exited;
    },
    async stop() {
      const target = running();
      target?.kill('SIGCONT'); // a paused process could not handle SIGTERM
      await target?.stop(spec.stopLimitMs);
    },
    async start() {
      if (running()) return;
      process = await spec.launch();
      try {
        await spec.ready(process);
      } catch (error) {
        await process.stop(spec.stopLimitMs);
        throw error;
      }
    },
  };
}

/** `ready` waits for what needs all nodes. */
export function combine(nodes: readonly EngineNode[], ready: () => Promise<void>): EngineNode {
  const each = async (act: (node: EngineNode) => Promise<void>): Promise<void> => {
    const results = await Promise.allSettled(nodes.map(act));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  return {
    get pids() {
      return nodes.flatMap((node) => node.pids);
    },
    kill: (signal) => each((node) => node.kill(signal)),
    stop: () => each((node) => node.stop()),
    async start() {
      await each((node) => node.start());
      await ready();
    },
  };
}

const tailLines = 8;

/** The last lines of the first of these files that is not empty. */
export function lastLines(...files: readonly string[]): string {
  for (const file of files) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    if (lines.some((line) => line !== '')) return lines.slice(-tailLines).join('\n');
  }
  return '(nothing)';
}
