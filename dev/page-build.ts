/** Builds the dashboard's page when it is missing or older than its sources. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './process-lock.ts';
import { run } from './run.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const dashboard = join(repository, 'services/dashboard');
const built = join(dashboard, 'web/dist/index.html');
/** The types of the server leave no trace in the page; the lock file names the versions of its libraries. */
const sources = [join(dashboard, 'web'), join(dashboard, 'package.json'), join(repository, 'package-lock.json')];
/** Two builds at once would delete each other's output. */
const lock = join(repository, 'node_modules/.page-build.lock');
const limitMs = 120_000;

export async function buildPage(print: (line: string) => void): Promise<void> {
  const isCurrent = (): boolean => changedAt(built) > Math.max(...sources.map(newest));
  if (isCurrent()) return;
  await withLock(lock, limitMs, async () => {
    // The previous holder of the lock may have built it.
    if (isCurrent()) return;
    print("Building the dashboard's page …");
    await run(process.execPath, [join(repository, 'node_modules/vite/bin/vite.js'), 'build', 'web'], {
      cwd: dashboard,
      // With any other value Vite builds for development.
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

/** 0 if the file does not exist. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
