/** The results in tests/faults/README.md: one row per mutant, written by `npm run faults:mutants -- --write`. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Mutant } from './mutant-list.ts';

export interface MutantResult {
  readonly mutant: Mutant;
  /** `inconclusive`: a test that hangs, or that cannot start because of the defect, does not prove that it detects it. */
  readonly result: 'caught' | 'SURVIVED' | 'inconclusive';
  /** The full title of the test that failed. */
  readonly failed?: string | undefined;
  readonly seconds: number;
}

const file = new URL('../README.md', import.meta.url);
const [begin, end] = ['<!-- results: begin -->', '<!-- results: end -->'] as const;
const header = ['defect', 'in', 'result', 'by the test', 'seconds'];

export const rowOf = ({ mutant, result, failed, seconds }: MutantResult): string =>
  `| ${[
    mutant.defect,
    `\`${mutant.file}\``,
    result,
    `\`${mutant.caughtBy.file.split('/').at(-1)}\`: ${(failed ?? mutant.caughtBy.title).replaceAll('|', '\\|')}`,
    seconds,
  ].join(' | ')} |`;

const writtenLines = (): string[] => {
  const table = readFileSync(file, 'utf8').split(begin)[1]?.split(end)[0] ?? '';
  return table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2);
};

/** The cells of each row of the README. */
export const writtenRows = (): string[][] =>
  writtenLines().map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

/** In the order of the list; a defect that was not planted this time keeps its row. */
export function writeTable(mutants: readonly Mutant[], results: readonly MutantResult[]): void {
  const text = readFileSync(file, 'utf8');
  const [before, after] = [text.slice(0, text.indexOf(begin)), text.slice(text.indexOf(end))];
  const rows = mutants.flatMap(({ defect }) => {
    const result = results.find(({ mutant }) => mutant.defect === defect);
    return result ? [rowOf(result)] : writtenLines().filter((line) => line.startsWith(`| ${defect} | `));
  });
  const table = [`| ${header.join(' | ')} |`, `| ${header.map(() => '---').join(' | ')} |`, ...rows];
  writeFileSync(file, `${before}${begin}\n\n${table.join('\n')}\n\n${after}`);
}
