import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../process-lock.ts';

const maxFetchMs = 10 * 60_000;

/** Shared by all checkouts of a user, so that the engines are fetched once a machine and not once a clone. */
export const cacheDir: string =
  process.env.ORDER_PIPELINE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'order-pipeline');

/**
 * The cache's directory of that name, filled by `fill` the first time. What is there is whole: it is filled under
 * another name and renamed, and a second process waits for the first.
 */
export async function cached(name: string, fill: (dir: string) => Promise<void>): Promise<string> {
  const path = join(cacheDir, name);
  if (existsSync(path)) return path;
  await mkdir(cacheDir, { recursive: true });
  return withLock(`${path}.lock`, maxFetchMs, async () => {
    if (existsSync(path)) return path;
    // Whoever left a draft is dead, or it would hold the lock.
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

/** One line per engine that is fetched; stderr, because stdout belongs to the program's own output. */
export const announce = (line: string): void => void process.stderr.write(`${line}\n`);
