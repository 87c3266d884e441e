import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('..', import.meta.url));
const notOurs = new Set(['node_modules', '.git', '.data', 'dist']);
const pages = globSync('**/*.md', { cwd: repository, exclude: (name) => notOurs.has(name) });

/** Targets of links and images, without those that lead out of the repository or stay on the page. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(repository, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.split('#')[0]!);
  return targets.filter((target) => target !== '' && !/^[a-z]+:/i.test(target));
}

test('every link from one page to a file of the repository leads somewhere', () => {
  expect(pages).toContain('README.md');
  expect(linksOf('README.md').length).toBeGreaterThan(5);
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(repository, dirname(page), decodeURIComponent(target))))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
