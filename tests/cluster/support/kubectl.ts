/** kubectl and helm against the cluster of KUBECONFIG, in the pipeline's namespace. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../dev/ports.ts';
import { waitFor } from '../../../dev/wait-for.ts';

export const namespace = 'order-pipeline';
const restartMs = 200;
const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 10 * 60_000 };

/** The standard output of a program; rejects with all of its output. */
export async function run(command: string, args: readonly string[], input?: string): Promise<string> {
  const running = promisify(execFile)(command, args, limits);
  if (input !== undefined) running.child.stdin?.end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ').slice(0, 300)}: ${`${stdout}\n${stderr}`.trim() || message}`, {
      cause: error,
    });
  }
}

export const kubectl = (...args: readonly string[]): Promise<string> =>
  run('kubectl', ['--namespace', namespace, ...args]);
export const apply = (manifest: string, ...args: readonly string[]): Promise<string> =>
  run(
    'kubectl',
    ['--namespace', namespace, 'apply', '--server-side', '--force-conflicts', '--filename', '-', ...args],
    manifest,
  );
export const get = async <T = any>(...args: readonly string[]): Promise<T> =>
  JSON.parse(await kubectl('get', ...args, '--output', 'json')) as T;
export const helm = (...args: readonly string[]): Promise<string> => run('helm', ['--namespace', namespace, ...args]);

export interface Forward extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Forwards a local port to a port of a pod or Service (`service/order`, `pod/pipeline-kafka-0`). kubectl exits when the
 * other end resets one of the connections; it is then restarted.
 */
export async function portForward(resource: string, remotePort: number, localPort?: number): Promise<Forward> {
  const port = localPort ?? (await freePort());
  const args = ['--namespace', namespace, 'port-forward', '--address', '127.0.0.1', resource, `${port}:${remotePort}`];
  let closed = false;
  let output = '';
  let child: ChildProcess | undefined;
  const forwarding = (async () => {
    do {
      child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on('data', (data: Buffer) => (output += data.toString()));
      }
      await once(child, 'exit');
      if (!closed) await pause(restartMs);
    } while (!closed && output.includes('Forwarding from'));
  })();
  await waitFor(async () => output.includes('Forwarding from') || undefined, {
    what: `the port-forward to ${resource}`,
    timeoutMs: 30_000,
    giveUp: () => (child === undefined || child.exitCode === null ? undefined : output),
  });
  const close = async (): Promise<void> => {
    closed = true;
    child?.kill();
    await forwarding;
  };
  return { port, close, [Symbol.asyncDispose]: close };
}

/** Waits until the pod has completed, and returns its log; rejects with the log when the pod failed. */
export async function podResult(name: string, timeoutMs: number): Promise<string> {
  const phase = await waitFor(
    async () => {
      const { status } = await get('pod', name);
      return ['Succeeded', 'Failed'].includes(status.phase) ? (status.phase as string) : undefined;
    },
    { what: `pod ${name}`, timeoutMs, pollMs: 500 },
  );
  const log = await kubectl('logs', name);
  if (phase === 'Failed') throw new Error(`pod ${name} failed:\n${log}`);
  return log;
}
