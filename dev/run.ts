import type { ManagedProcess } from './managed-process.ts';
import { launch, stages } from './managed-process.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Kills the program when aborted. */
  readonly signal?: AbortSignal;
}

const keptCharacters = 64 * 1024;

/**
 * Runs a program and returns its output, or the last part of a long one; throws an error with the output when it fails.
 * Like every process that is launched here, it stops when this process exits.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const program = await launch({ command, args, output: 'pipe', stage: stages.engine, ...options });
  const text = readAll(program);
  const kill = (): boolean => program.kill('SIGKILL');
  const timer = setTimeout(kill, options.timeoutMs);
  options.signal?.addEventListener('abort', kill);
  try {
    const { code, signal } = await program.exited;
    const output = (await text).trim();
    if (code !== 0) throw new Error(output === '' ? `${command} exited with ${signal ?? `exit code ${code}`}` : output);
    return output;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  }
}

async function readAll({ child }: ManagedProcess): Promise<string> {
  let text = '';
  const closed = new Promise((resolve) => child.once('close', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (data: string) => (text = (text + data).slice(-keptCharacters)));
  }
  await closed;
  return text;
}
