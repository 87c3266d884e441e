/** A program that the tests need and npm does not bring: found, installed where that is possible, or asked for. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../dev/process-lock.ts';
import { run } from '../../dev/run.ts';

export interface SystemProgram {
  readonly name: string;
  /** Who needs it, such as "The tests of the rules". */
  readonly neededBy: string;
  /** Names another one in the environment. */
  readonly variable: string;
  readonly places: readonly string[];
  /** Of Debian, the one that brings it first. */
  readonly packages: readonly [string, ...string[]];
}

export const installLimitMs = 600_000;
/** Test files that run side by side may want a program each, and apt-get serves one at a time. */
const aptLock = join(tmpdir(), 'order-pipeline-apt-get.lock');

/** Answers where it is; throws an error that says how to get it. */
export async function systemProgram(program: SystemProgram): Promise<string> {
  const { name, neededBy, variable, places, packages } = program;
  const named = process.env[variable];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`${variable}=${named} is not there; set it to an installed ${name}.`);
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
    `${neededBy} need ${name}: install it (apt-get install ${packages[0]}, or your system’s way), or set ${variable} to ` +
      'the one to use.',
  );
}
