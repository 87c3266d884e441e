import type { ManagedProcess } from './managed-process.ts';
import { launch, stages } from './managed-process.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
}

const keptCharacters = 64 * 1024;

/**
 * Runs a program to its end and returns what it wrote (the end of it, where that is much); throws what it wrote when it
 * fails. Like everything that is launched here, it ends with this process.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const program = await launch({ command, args, output: 'pipe', stage: stages.engine, ...options });
  const text = readAll(program);
  const end = (): boolean => program.kill('SIGKILL');
  const timer = setTimeout(end, options.timeoutMs);
  options.signal?.addEventListener('abort', end);
  try {
    const { code, signal } = await program.exited;
    const output = (await text).trim();
    if (code !== 0) throw new Error(output === '' ? `${command} ended with ${signal ?? `exit code ${code}`}` : output);
    return output;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
  }
}

async function readAll({ child }: ManagedProcess): Promise<string> {
  let text = '';
  const closed = new Promise((resolve) => child.once('close', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-keptCharacters)));
  }
  await closed;
  return text;
}
