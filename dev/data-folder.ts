import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { watchdogPid } from './managed-process.ts';
import { isAlive, tryLock, type Lock } from './process-lock.ts';
import { SetupError } from './setup-error.ts';
import { waitFor } from './wait-for.ts';

/** Longer than the watchdog's own limits. */
const cleanUpLimitMs = 30_000;
/** What a run puts there; --fresh deletes these and never the folder itself, which the user may have named. */
const contents = ['kafka', 'mongo', 'logs'];

/** Makes the folder this process's own, and waits until whatever a killed run left there has ended. */
export async function takeDataFolder(dataDir: string, say: (line: string) => void): Promise<Lock> {
  mkdirSync(dataDir, { recursive: true });
  const lock = tryLock(join(dataDir, 'lock'), watchdogPid());
  if ('heldBy' in lock) {
    throw new SetupError(
      `The pipeline already runs on ${dataDir} (pid ${lock.heldBy.pid}); stop it there with Ctrl-C, ` +
        'or choose another folder with --data.',
    );
  }
  const cleaner = lock.previous?.cleaner;
  if (cleaner && isAlive(cleaner)) {
    say('The last run was killed and is still being cleaned up; waiting for that …');
    const gone = async (): Promise<true | undefined> => (isAlive(cleaner) ? undefined : true);
    await waitFor(gone, { what: `The clean-up by pid ${cleaner.pid}`, timeoutMs: cleanUpLimitMs });
  }
  return lock;
}

/** For whoever holds the folder. */
export function emptyDataFolder(dataDir: string): void {
  for (const name of contents) rmSync(join(dataDir, name), { recursive: true, force: true });
}
