/**
 * `npm run faults:mutants`: deliberate defects, one at a time, in a copy of this repository. Each must make the test of its
 * guarantee fail. tests/faults/README.md has the results.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jestFlags } from '../../jest-flags.ts';
import { copyRepository } from '../../support/repository-copy.ts';
import { mutants, type Mutant, type NamedTest } from './mutant-list.ts';
import { rowOf, writeTable, type MutantResult } from './mutant-table.ts';

const usage = `npm run faults:mutants [-- options] [-- part of a defect's name]   Plants each defect in a copy and expects a test to fail.

  --write      writes the results into the table of tests/faults/README.md
  --unproven   does not first run the named tests without any defect
  --verbose    shows the output of the tests
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    unproven: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Longer than the time limit of any of the tests. */
const limitMs = 12 * 60_000;

interface JestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The result of one test. A failure by jest's time limit, or by ours, is inconclusive. */
function runTest(copy: string, { file, title }: NamedTest): Pick<MutantResult, 'result' | 'failed'> {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--bail', '--json', `--outputFile=${report}`];
  const pattern = title.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
  const { status } = spawnSync(process.execPath, [...jestFlags, ...jest, file, '-t', pattern], {
    cwd: copy,
    stdio: ['ignore', 'ignore', values.verbose ? 'inherit' : 'ignore'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  if (status === null) return { result: 'inconclusive' };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as JestReport;
  const ran = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = ran.find((each) => each.status === 'failed');
  if (failed) {
    // A timeout, or a service that did not start, does not prove that the test detects the defect. A failed assertion does,
    // even if the clean-up of the test then times out as well.
    const hasDetected = failed.failureMessages.some((message) => message.includes('expect('));
    return { result: hasDetected ? 'caught' : 'inconclusive', failed: failed.fullName };
  }
  return { result: status === 0 && ran.some((each) => each.status === 'passed') ? 'SURVIVED' : 'inconclusive' };
}

function plant(mutant: Mutant, copy: string): MutantResult {
  const file = join(copy, mutant.file);
  const original = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  const begunMs = performance.now();
  try {
    const { result, failed } = runTest(copy, mutant.caughtBy);
    return { mutant, result, failed, seconds: Math.round((performance.now() - begunMs) / 1_000) };
  } finally {
    writeFileSync(file, original);
  }
}

/** The tests that fail without a defect, and so detect none. */
function failingTests(copy: string, chosen: readonly Mutant[]): string[] {
  return chosen.flatMap(({ caughtBy }) => {
    const { result, failed } = runTest(copy, caughtBy);
    return result === 'SURVIVED' ? [] : [`${caughtBy.file}, ${failed ?? caughtBy.title}: ${result}`];
  });
}

function main(chosen: readonly Mutant[]): number {
  const copy = mkdtempSync(join(tmpdir(), 'order-pipeline-mutants-'));
  try {
    copyRepository(copy);
    const broken = values.unproven ? [] : failingTests(copy, chosen);
    if (broken.length > 0) {
      process.stderr.write(`These tests fail without a defect; fix them first:\n  ${broken.join('\n  ')}\n`);
      return 2;
    }
    const results = chosen.map((mutant) => {
      const result = plant(mutant, copy);
      process.stdout.write(`${rowOf(result)}\n`);
      return result;
    });
    if (values.write) writeTable(mutants, results);
    return results.every(({ result }) => result === 'caught') ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (values.help) {
  process.stdout.write(usage);
} else {
  const part = positionals[0] ?? '';
  process.exit(main(mutants.filter(({ defect }) => defect.includes(part))));
}
