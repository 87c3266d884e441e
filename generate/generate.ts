/**
 * `npm run generate`: writes what is derived from the registry, the configuration schemas and monitoring/.
 * `npm run generate -- --check` writes nothing, and exits 1 when something is stale, naming it.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { eventIndex } from './event-index.ts';
import { repository } from './repository.ts';
import { apply, leftovers, stale, type Change } from './writer.ts';

async function staleFiles(): Promise<Change[]> {
  const { artifacts } = await import('./artifacts.ts');
  const all = [eventIndex(), ...(await artifacts())];
  return [...(await stale(repository, all)), ...leftovers(repository, all)];
}

const write = (changes: readonly Change[]): void => {
  for (const change of changes) {
    apply(repository, change);
    process.stdout.write(`${change.artifact === undefined ? 'removed' : 'wrote'} ${change.path}\n`);
  }
};

const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;
const staleIndex = await stale(repository, [eventIndex()]);
if (check) {
  const changes = await staleFiles();
  if (changes.length > 0) {
    const names = changes.map(({ path }) => `  ${path}\n`).join('');
    process.stderr.write(`These files are not what npm run generate writes:\n${names}Run it, and commit the result.\n`);
    process.exitCode = 1;
  }
} else if (staleIndex.length > 0) {
  write(staleIndex);
  // The schemas of new events are known only to a process that starts after the index is written.
  execFileSync(process.execPath, [import.meta.filename], { stdio: 'inherit' });
} else write(await staleFiles());
