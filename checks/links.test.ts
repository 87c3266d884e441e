import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('..', import.meta.url));
const notOurs = new Set(['node_modules', '.git', '.data', 'dist']);
const pages = globSync('**/*.md', { cwd: repository, exclude: (name) => notOurs.has(name) });

/** Targets of links and images in the repository, without links within the page. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(repository, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.split('#')[0]!);
  return targets.filter((target) => target !== '' && !/^[a-z]+:/i.test(target));
}

test('every link from a page to a file of the repository has a target', () => {
  expect(pages).toContain('README.md');
  expect(linksOf('README.md').length).toBeGreaterThan(5);
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(repository, dirname(page), decodeURIComponent(target))))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

/** Where a page names the test of a guarantee, such as `killed-services-lose-nothing`, or a prefix with an ellipsis. */
function testsNamedIn(page: string): string[] {
  const proofs =
    readFileSync(join(repository, page), 'utf8').match(/^(\| (\d+|all) \|.*|_Proven by_[^]*?\n\n)/gm) ?? [];
  return [...proofs.join('\n').matchAll(/`([a-z]+(?:-[a-z]+)+…?)`/g)].map(([, name]) => name!);
}

test.each(['README.md', 'docs/reliability.md'])('every test that %s names exists', (page) => {
  const files = globSync('tests/**/*.test.ts', { cwd: repository }).map((file) => basename(file, '.test.ts'));
  const names = testsNamedIn(page);
  expect(names.length).toBeGreaterThan(10);
  const missing = names.filter((name) =>
    name.endsWith('…') ? !files.some((file) => file.startsWith(name.slice(0, -1))) : !files.includes(name),
  );
  expect(missing).toEqual([]);
});

/** Log messages, summaries of alerts and titles of panels: the text in quotation marks outside of code. */
function quotationsOf(page: string): string[] {
  const text = readFileSync(join(repository, page), 'utf8').replaceAll(/```[^]*?```|`[^`]*`/g, '');
  return [...text.matchAll(/"([^"]+)"/g)].map(([, quotation]) => quotation!.replaceAll(/\s+/g, ' '));
}

test('every message and panel that a runbook quotes is in the code', () => {
  const sources = globSync('{packages,services,operator,tools,monitoring}/**/*.ts', {
    cwd: repository,
    exclude: (name) => notOurs.has(name) || name.endsWith('.test.ts'),
  });
  const code = sources.map((file) => readFileSync(join(repository, file), 'utf8')).join('\n');
  const quoted = globSync('docs/runbooks/*.md', { cwd: repository }).flatMap((page) =>
    quotationsOf(page).map((quotation) => `${page}: ${quotation}`),
  );
  expect(quoted.length).toBeGreaterThan(10);
  expect(quoted.filter((line) => !code.includes(line.slice(line.indexOf(': ') + 2)))).toEqual([]);
});
