/** A copy of this repository's working tree, in which a test may change what it likes. */
import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const workspaces = '@order-pipeline';

/** Fills the folder with the files that git does not ignore, and with links to what is installed here. */
export function copyRepository(copy: string): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  for (const file of execFileSync('git', list, { cwd: repository, encoding: 'utf8' }).split('\0')) {
    // A file that was deleted is listed until that is committed.
    if (file === '' || !lstatSync(join(repository, file), { throwIfNoEntry: false })) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(repository, file), join(copy, file), { recursive: true, verbatimSymlinks: true });
  }
  const modules = join(repository, 'node_modules');
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    const [from, to] = [join(modules, entry.name), join(copy, 'node_modules', entry.name)];
    mkdirSync(dirname(to), { recursive: true });
    // Links to workspaces lead into the copy; npm's own records may change in it.
    if (entry.name === workspaces || entry.isFile()) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(from, to);
  }
}
