/** A program that the tests need and npm does not install: found on the machine, installed with apt-get, or requested. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../dev/process-lock.ts';
import { run } from '../../dev/run.ts';

export interface SystemProgram {
  readonly name: string;
  /** What needs it, such as "The tests of the rules". */
  readonly neededBy: string;
  /** The environment variable that names another one. */
  readonly variable: string;
  readonly places: readonly string[];
  /** Debian packages; the first contains it. */
  readonly packages: readonly [string, ...string[]];
}

export const installLimitMs = 600_000;
/** Test files that run in parallel may each need a program, and apt-get runs once at a time. */
const aptLock = join(tmpdir(), 'order-pipeline-apt-get.lock');

/** Returns its path; throws an error that says how to get it. */
export async function systemProgram(program: SystemProgram): Promise<string> {
  const { name, neededBy, variable, places, packages } = program;
  const named = process.env[variable];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`${variable}=${named} does not exist; set it to an installed ${name}.`);
  }
  const found = (): string | undefined => places.find((place) => existsSync(place));
  if (!found() && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    await withLock(aptLock, installLimitMs, async () => {
      if (found()) return;
      process.stderr.write(`Installing ${name}: ${neededBy.toLowerCase()} need it …\n`);
      const options = { timeoutMs: installLimitMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
      await run('apt-get', ['update'], options);
      await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
    });
  }
  const place = found();
  if (place !== undefined) return place;
  throw new Error(
    `${neededBy} need ${name}: install it (apt-get install ${packages[0]}, or your system’s package manager), or set ` +
      `${variable} to its path.`,
  );
}
