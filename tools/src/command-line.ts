/** The parts that the command-line tools share: arguments, exit codes, output, and errors as sentences. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { isOutage } from '@order-pipeline/resilience';
import { isConfigError } from '@order-pipeline/runtime';

/** 0: done. 1: done, but something is wrong or was not done. 2: error. */
export type ExitCode = 0 | 1 | 2;

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of the result. */
  print(line: string): void;
  /** One line that is not part of the result. */
  note(line: string): void;
  /** Replaces the progress line; on a terminal only. Empty text clears it. */
  progress?(text: string): void;
  /** Aborted when the user stops the tool. */
  readonly signal: AbortSignal;
}

export type Tool = (args: readonly string[], terminal: Terminal) => Promise<ExitCode>;

/** An error whose message is a whole sentence for the user, without a stack. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

export const isToolError = (error: unknown): error is ToolError => (error as Error | null)?.name === 'ToolError';

/** Runs the tool with this process's arguments and streams, and exits with its exit code. */
export async function runTool(tool: Tool): Promise<never> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stopping.abort(new ToolError('Stopped.')));
  }
  // The reader of our output has exited, such as `head`.
  process.stdout.on('error', () => process.exit(0));
  const write = (stream: NodeJS.WriteStream) => (line: string) => void stream.write(`${line}\n`);
  let code: ExitCode;
  try {
    code = await tool(process.argv.slice(2), {
      env: process.env,
      print: write(process.stdout),
      note: write(process.stderr),
      ...(process.stderr.isTTY ? { progress: showProgress } : {}),
      signal: stopping.signal,
    });
  } catch (error) {
    const isForUser = isToolError(error) || isConfigError(error) || isOutage(error);
    process.stderr.write(`${isForUser ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
    code = 2;
  }
  // A pipe takes more than one turn to be written out.
  process.stdout.write('', () => process.exit(code));
  return new Promise(() => {});
}

const progressEveryMs = 100;
let shownAtMs = Number.NEGATIVE_INFINITY;

function showProgress(text: string): void {
  if (text !== '' && performance.now() - shownAtMs < progressEveryMs) return;
  shownAtMs = performance.now();
  const clearLine = '\r\u001B[K';
  process.stderr.write(clearLine + text);
}

/** Options and positionals. Throws a ToolError that names the faulty argument and refers to --help. */
export function parseArguments<const O extends ParseArgsOptionsConfig>(
  tool: string,
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(tool, `${(error as Error).message.split('. ')[0]}.`);
  }
}

export function usageError(tool: string, sentence: string): ToolError {
  return new ToolError(`${sentence} See npm run ${tool} -- --help.`);
}

export interface CountRange {
  readonly min: number;
  readonly max: number;
}

export function parseCount(tool: string, option: string, text: string, { min, max }: CountRange): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= min && count <= max) return count;
  throw usageError(tool, `${option} ${text}: expected a whole number from ${min} to ${max}.`);
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of "500ms", "30s", "5m", "2h" or "1d". */
export function parseDurationMs(tool: string, option: string, text: string): number {
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * unitsMs[unit as keyof typeof unitsMs];
  throw usageError(tool, `${option} ${text}: expected a duration such as 500ms, 30s, 5m, 2h or 1d.`);
}

/** Rows as aligned columns; the first row is the head. The last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Replaces control characters: keys and errors may contain any, and a terminal would obey them. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '�');
}
