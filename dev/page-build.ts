/** The dashboard's page, built when it is missing or older than what it is made of. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './process-lock.ts';
import { run } from './run.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const dashboard = join(repository, 'services/dashboard');
const built = join(dashboard, 'web/dist/index.html');
/** The page also uses the types of the server, which leave no trace in it, and the versions that the lock names. */
const sources = [join(dashboard, 'web'), join(dashboard, 'package.json'), join(repository, 'package-lock.json')];
/** Two who build at once would empty each other's folder. */
const lock = join(repository, 'node_modules/.page-build.lock');
const limitMs = 120_000;

export async function buildPage(say: (line: string) => void): Promise<void> {
  const isCurrent = (): boolean => changedAt(built) > Math.max(...sources.map(newest));
  if (isCurrent()) return;
  await withLock(lock, limitMs, async () => {
    // Whoever held the lock before may have built it.
    if (isCurrent()) return;
    say("Building the dashboard's page …");
    await run(process.execPath, [join(repository, 'node_modules/vite/bin/vite.js'), 'build', 'web'], {
      cwd: dashboard,
      // Vite takes any other value for a wish to build something else.
      env: { ...process.env, NODE_ENV: 'production' },
      timeoutMs: limitMs,
    });
  });
}

function newest(path: string): number {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry?.isDirectory()) return changedAt(path);
  const inside = readdirSync(path).filter((name) => name !== 'dist' && name !== 'node_modules');
  return Math.max(entry.mtimeMs, ...inside.map((name) => newest(join(path, name))));
}

/** 0 for what is not there. */
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
