import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import pretty from 'pino-pretty';

const colours = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red'] as const;
const keptLines = 10;

/** Looked at once: on a terminal people read, elsewhere programs do and get the JSON as it is, line by line and alone. */
const isRead = process.stdout.isTTY;
const prettify = isRead
  ? pretty.prettyFactory({ colorize: true, ignore: 'pid,hostname,service,instance,time', singleLine: true })
  : undefined;

export interface Tail {
  /** The last lines, to explain an end. */
  text(): string;
}

/** What is for people, also where a program reads our standard output. */
export const say = (line: string): void => void (isRead ? process.stdout : process.stderr).write(`${line}\n`);

/** Copies lines to our output, each behind the coloured name of who says it unless it is JSON for a program, no faster than that is read. */
export function copyLines(from: readonly (Readable | null)[], name: string, index: number): Tail {
  const label = styleText(colours[index % colours.length]!, name.padEnd(nameWidth));
  const kept: string[] = [];
  for (const input of from) if (input) void copy(input);
  return { text: () => kept.join('\n') || '(nothing)' };

  async function copy(input: Readable): Promise<void> {
    for await (const line of createInterface({ input })) {
      kept.push(line);
      if (kept.length > keptLines) kept.shift();
      const isData = !isRead && line.startsWith('{');
      const output = isRead || isData ? process.stdout : process.stderr;
      if (!output.write(isData ? `${line}\n` : `${label} ${readable(line)}\n`)) await once(output, 'drain');
    }
  }
}

const nameWidth = 'inventory-99'.length;

function readable(line: string): string {
  return prettify && line.startsWith('{') ? prettify(line).trimEnd() : line;
}
