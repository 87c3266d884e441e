import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { mutants } from './mutant-list.ts';
import { writtenRows } from './mutant-table.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('the list of deliberate defects', () => {
  test('is in README.md, each defect as caught, with its file and its test', () => {
    const rows = writtenRows().map(([defect, file, result, test]) => [defect, file, result, test?.split(':')[0]]);
    expect(rows).toEqual(
      mutants.map(({ defect, file, caughtBy }) => [
        defect,
        `\`${file}\``,
        'caught',
        `\`${caughtBy.file.split('/').at(-1)}\``,
      ]),
    );
  });

  test.each(mutants)('fits the code: $defect', ({ file, find }) => {
    expect(read(file).split(find)).toHaveLength(2);
  });

  test('has at least ten defects', () => expect(mutants.length).toBeGreaterThanOrEqual(10));
});
