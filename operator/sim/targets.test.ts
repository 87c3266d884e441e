import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, jest, test } from '@jest/globals';

/** The suite takes minutes: five days and forty shorter workloads under two policies. */
jest.setTimeout(600_000);
const run = fileURLToPath(new URL('run.ts', import.meta.url));
const page = fileURLToPath(new URL('../../docs/scaling.md', import.meta.url));

let output: string;
// In a process of its own: inside jest it takes four times as long, because each access to a global is slow.
beforeAll(async () => {
  output = (await promisify(execFile)(process.execPath, [run, '--against-keda'])).stdout;
});

test('the scaler has at most half of KEDA’s seconds late and rebalances, with no more replica-hours', () => {
  const [, ...percent] =
    /^Of KEDA \+ HPA: seconds late (\d+) %, replica-hours (\d+) %, rebalances (\d+) %$/mu.exec(output) ?? [];
  const [secondsLate, replicaHours, rebalances] = percent.map(Number);
  expect(secondsLate).toBeLessThanOrEqual(50);
  expect(replicaHours).toBeLessThanOrEqual(100);
  expect(rebalances).toBeLessThanOrEqual(50);
});

test('docs/scaling.md shows the results of the simulator', () => {
  const simulated = tableOf(output);
  expect(simulated).toHaveLength(2 * 9);
  expect(tableOf(readFileSync(page, 'utf8'))).toEqual(expect.arrayContaining(simulated));
});

/** The rows of the table by workload, without its layout; a workload may be named in the first of its rows only. */
function tableOf(text: string): string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => /^\| workload +\| policy/u.test(line));
  let workload = '';
  return lines.slice(from + 2, lines.indexOf('', from)).map((line) => {
    const [first = '', ...others] = line
      .replaceAll('**', '')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    workload = first === '' ? workload : first;
    return [workload, ...others].join(' | ');
  });
}
