import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import pretty from 'pino-pretty';

const colours = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red'] as const;
const keptLines = 10;
const nameWidth = 'inventory-99'.length;

/** A terminal shows readable lines; a program that reads standard output gets nothing but the services' JSON lines. */
const isTerminal = process.stdout.isTTY;
const prettify = isTerminal
  ? pretty.prettyFactory({ colorize: true, ignore: 'pid,hostname,service,instance,time', singleLine: true })
  : undefined;

export interface Tail {
  /** The last lines, to explain an exit. */
  text(): string;
}

/** Prints a line for people: on standard error where a program reads standard output. */
export function print(line: string): void {
  (isTerminal ? process.stdout : process.stderr).write(`${line}\n`);
}

/** Copies lines to our output, with backpressure, each after the coloured name of its process unless it is JSON for a program. */
export function copyLines(from: readonly (Readable | null)[], name: string, index: number): Tail {
  const label = styleText(colours[index % colours.length]!, name.padEnd(nameWidth));
  const kept: string[] = [];
  for (const input of from) if (input) void copy(input);
  return { text: () => kept.join('\n') || '(nothing)' };

  async function copy(input: Readable): Promise<void> {
    for await (const line of createInterface({ input })) {
      kept.push(line);
      if (kept.length > keptLines) kept.shift();
      const isData = !isTerminal && line.startsWith('{');
      const output = isTerminal || isData ? process.stdout : process.stderr;
      if (!output.write(isData ? `${line}\n` : `${label} ${readable(line)}\n`)) await once(output, 'drain');
    }
  }
}

function readable(line: string): string {
  return prettify && line.startsWith('{') ? prettify(line).trimEnd() : line;
}
