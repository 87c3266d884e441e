import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SetupError } from './setup-error.ts';
import { waitFor } from './wait-for.ts';

/** Identifies a process, also when a later one has the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

export interface LockHolder extends ProcessIdentity {
  /** A process that outlives the holder and stops what it has started (the watchdog). */
  readonly cleaner?: ProcessIdentity;
}

export interface Lock {
  release(): void;
  /** The exited holder from which it was taken over: its cleaner may still run. */
  readonly previous: LockHolder | undefined;
}

/**
 * Takes the lock at `path`, or returns its holder. The lock of an exited holder is taken over.
 * Two processes that find the same stale lock at the same instant may both get it: what the callers guard stays correct
 * even then (an atomic rename, a server with a lock of its own), and the lock only serves to wait and to explain.
 */
export function tryLock(path: string, cleanerPid?: number): Lock | { readonly heldBy: LockHolder } {
  const mine: LockHolder = {
    ...identityOf(process.pid),
    ...(cleanerPid !== undefined && { cleaner: identityOf(cleanerPid) }),
  };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  let previous: LockHolder | undefined;
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        linkSync(draft, path); // fails if it exists, and is never seen half written
        return { release: () => rmSync(path, { force: true }), previous };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readHolder(path);
      if (holder && isAlive(holder)) return { heldBy: holder };
      previous = holder;
      rmSync(path, { force: true });
    }
    throw new SetupError(`The lock ${path} keeps changing its holder; try again.`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Waits for the lock while its holder runs, at most `timeoutMs`. */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const attempt = async () => {
    const lock = tryLock(path);
    return 'release' in lock ? lock : undefined;
  };
  const lock = await waitFor(attempt, { what: `The lock ${path}`, timeoutMs, pollMs: 200 });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return startOf(pid) === started;
}

function identityOf(pid: number): ProcessIdentity {
  return { pid, started: startOf(pid) ?? '' };
}

function readHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}

/** When the process was started, in the system's own format; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // After the name, which may contain spaces and brackets: state is the first field, the start time the twentieth.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
