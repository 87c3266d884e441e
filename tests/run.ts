/** `npm test`: the checks, then the tests, from those that need nothing to those that use engines. */
import { fileURLToPath } from 'node:url';
import { kafkaFiles } from '../dev/engines/kafka-files.ts';
import { mongodFile } from '../dev/engines/mongod-file.ts';
import { launch, stages, type ManagedProcess } from '../dev/managed-process.ts';
import { isSetupError } from '../dev/setup-error.ts';
import { changesSince } from './changes.ts';
import { jestFlags } from './jest-flags.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const stopLimitMs = 10_000;

/** The projects of jest.config.mjs in the order in which they run, and how many files of each run in parallel. */
const projects = {
  // By default jest leaves one core free, which is half of two.
  unit: '--maxWorkers=100%',
  manifests: '--maxWorkers=100%',
  serial: '--runInBand',
  // Whatever the machine has: while a file waits for an outage to end, others use the cores.
  engines: '--maxWorkers=3',
} as const;

let current: ManagedProcess | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void (current?.stop(stopLimitMs) ?? Promise.resolve()).then(() => process.exit(130)));
}

/** Runs a step in the foreground, tied to this process like the engines, and exits with its code if it fails. */
async function run(title: string, command: string, args: readonly string[]): Promise<void> {
  process.stdout.write(`\n── ${title}\n`);
  current = await launch({ command, args, cwd: repository, output: 'inherit', stage: stages.launcher });
  const { code } = await current.exited;
  if (code !== 0) process.exit(code ?? 1);
}

/** The npm that has called us, if one has. */
function check(): Promise<void> {
  const npm = process.env.npm_execpath;
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  return run('npm run check', command, [...first, 'run', '--silent', 'check']);
}

// The flags as arguments and not in NODE_OPTIONS, which the services under test would get as well.
const jest = (...args: string[]): Promise<void> =>
  run(`jest ${args.join(' ')}`, process.execPath, [...jestFlags, 'node_modules/jest/bin/jest.js', ...args]);

async function runEverything(): Promise<void> {
  // First, so that a missing Java is reported before a minute of checks and not after it.
  await Promise.all([kafkaFiles(), mongodFile()]);
  await check();
  for (const [project, workers] of Object.entries(projects)) await jest('--selectProjects', project, workers);
}

/** The checks, and the tests that depend on what has changed since the commit. */
async function runChanged(commit: string): Promise<void> {
  const changes = await changesSince(commit);
  if (changes.touchEverything) return runEverything();
  await check();
  for (const [project, workers] of Object.entries(projects)) {
    const all = project === 'manifests' && changes.touchManifests;
    await jest('--selectProjects', project, workers, ...(all ? [] : [`--changedSince=${commit}`]));
  }
}

async function main(args: readonly string[]): Promise<void> {
  const [first] = args;
  if (first === undefined) return runEverything();
  const changed = /^--changed(?:=(.+))?$/.exec(first);
  if (changed) return runChanged(changed[1] ?? 'main');
  return jest('--runInBand', ...args);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isSetupError(error)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
