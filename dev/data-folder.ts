import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { watchdogPid } from './managed-process.ts';
import { isAlive, tryLock, type Lock } from './process-lock.ts';
import { SetupError } from './setup-error.ts';
import { waitFor } from './wait-for.ts';

/** Longer than the limits of the watchdog. */
const cleanUpLimitMs = 30_000;
/** What a run stores there; --fresh deletes these and never the folder itself, which the user may have chosen. */
const contents = ['kafka', 'mongo', 'logs'];

/** Locks the folder for this process, and waits until the processes of a killed run have exited. */
export async function lockDataFolder(dataDir: string, print: (line: string) => void): Promise<Lock> {
  mkdirSync(dataDir, { recursive: true });
  const lock = tryLock(join(dataDir, 'lock'), watchdogPid());
  if ('heldBy' in lock) {
    throw new SetupError(
      `The pipeline already runs on ${dataDir} (pid ${lock.heldBy.pid}); stop that run with Ctrl-C, ` +
        'or choose another folder with --data.',
    );
  }
  const cleaner = lock.previous?.cleaner;
  if (cleaner && isAlive(cleaner)) {
    print('The last run was killed, and its processes are still being stopped; waiting for that …');
    const exited = async (): Promise<true | undefined> => (isAlive(cleaner) ? undefined : true);
    await waitFor(exited, { what: `The clean-up by pid ${cleaner.pid}`, timeoutMs: cleanUpLimitMs });
  }
  return lock;
}

/** The caller holds the lock. */
export function emptyDataFolder(dataDir: string): void {
  for (const name of contents) rmSync(join(dataDir, name), { recursive: true, force: true });
}
