import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../process-lock.ts';

const maxFetchMs = 10 * 60_000;

/** Shared by all checkouts of a user, so that the engines are downloaded once per machine and not once per clone. */
export const cacheDir: string =
  process.env.ORDER_PIPELINE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'order-pipeline');

/**
 * The cache's folder of that name, filled by `fill` the first time. A folder that exists is complete: it is filled under
 * another name and renamed, and a second process waits for the first.
 */
export async function cached(name: string, fill: (dir: string) => Promise<void>): Promise<string> {
  const path = join(cacheDir, name);
  if (existsSync(path)) return path;
  await mkdir(cacheDir, { recursive: true });
  return withLock(`${path}.lock`, maxFetchMs, async () => {
    if (existsSync(path)) return path;
    // The process that left a draft has exited, or it would hold the lock.
    const drafts = (await readdir(cacheDir)).filter((entry) => entry.startsWith(`${name}.draft-`));
    await Promise.all(drafts.map((entry) => rm(join(cacheDir, entry), { recursive: true, force: true })));
    const draft = await mkdtemp(`${path}.draft-`);
    try {
      await fill(draft);
      await rename(draft, path);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return path;
  });
}

/** Prints one line per download; on standard error, because standard output is for the program's own output. */
export const announce = (line: string): void => void process.stderr.write(`${line}\n`);
