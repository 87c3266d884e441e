/** `npm test`: the engines' files, the static checks, then the tests, from those that need nothing to those that start engines. */
import { fileURLToPath } from 'node:url';
import { kafkaFiles } from './engines/kafka-files.ts';
import { mongodFile } from './engines/mongod-file.ts';
import { jestFlags } from './jest-flags.ts';
import { launch, stages, type ManagedProcess } from './managed-process.ts';
import { isSetupError } from './setup-error.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const stopLimitMs = 10_000;

let current: ManagedProcess | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void (current?.stop(stopLimitMs) ?? Promise.resolve()).then(() => process.exit(130)));
}

/** Runs a step in the foreground, tied to this process like the engines, and ends with it when it fails. */
async function run(title: string, command: string, args: readonly string[]): Promise<void> {
  process.stdout.write(`\n── ${title}\n`);
  current = await launch({ command, args, cwd: repository, output: 'inherit', stage: stages.launcher });
  const { code } = await current.exited;
  if (code !== 0) process.exit(code ?? 1);
}

const bin = (name: string): string => `node_modules/.bin/${name}`;
// The flags as arguments and not in NODE_OPTIONS, which the services under test would get as well.
const jest = (...args: string[]): Promise<void> =>
  run(`jest ${args.join(' ')}`, process.execPath, [...jestFlags, 'node_modules/jest/bin/jest.js', ...args]);

async function main(patterns: readonly string[]): Promise<void> {
  if (patterns.length > 0) return jest('--runInBand', ...patterns);
  // First of all: whoever lacks Java is told before a minute of checks, and not after it.
  await Promise.all([kafkaFiles(), mongodFile()]);
  await run('types', bin('tsc'), ['--noEmit']);
  await run("types of the dashboard's page", bin('tsc'), ['--noEmit', '-p', 'services/dashboard/web']);
  // Its configuration is TypeScript, which the machine's own Node may not run.
  await run('lint', process.execPath, [bin('oxlint'), '--type-aware', '--deny-warnings']);
  await run('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  // By default jest leaves one core to itself, which is half of two.
  await jest('--selectProjects', 'unit', '--maxWorkers=100%');
  await jest('--selectProjects', 'serial', '--runInBand');
  // Two at once, whatever the machine has: while one waits for an outage to end, the other works.
  await jest('--selectProjects', 'engines', '--maxWorkers=2');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isSetupError(error)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
