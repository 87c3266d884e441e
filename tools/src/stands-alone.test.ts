import { globSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const tools = resolve(import.meta.dirname, '..');

/** Their image holds tools/ and packages/, and nothing of the services or the local runner; types vanish at run time. */
test('the tools run without any code from outside of tools/ and packages/', () => {
  const files = globSync('src/**/*.ts', { cwd: tools }).filter((file) => !file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(20);
  const imports = files.flatMap((file) =>
    [...readFileSync(join(tools, file), 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*from '(\.[^']*)';/gm)].map(
      ([, path]) => relative(tools, resolve(tools, file, '..', path!)),
    ),
  );
  expect(imports.length).toBeGreaterThan(20);
  expect(imports.filter((path) => path.startsWith('..'))).toEqual([]);
});
