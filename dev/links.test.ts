import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/** Such as `killed-services-lose-nothing`, or its beginning with an ellipsis, where a page says what proves a promise. */
function testsNamedIn(page: string): string[] {
  const proofs =
    readFileSync(join(repository, page), 'utf8').match(/^(\| (\d+|all) \|.*|_Proven by_[^]*?\n\n)/gm) ?? [];
  return [...proofs.join('\n').matchAll(/`([a-z]+(?:-[a-z]+)+…?)`/g)].map(([, name]) => name!);
}

test.each(['README.md', 'docs/reliability.md'])('every test by which %s proves a promise is there', (page) => {
  const files = globSync('tests/**/*.test.ts', { cwd: repository }).map((file) => basename(file, '.test.ts'));
  const names = testsNamedIn(page);
  expect(names.length).toBeGreaterThan(10);
  const missing = names.filter((name) =>
    name.endsWith('…') ? !files.some((file) => file.startsWith(name.slice(0, -1))) : !files.includes(name),
  );
  expect(missing).toEqual([]);
});
