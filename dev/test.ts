/** `npm test`: the static checks, then the unit tests side by side, then what starts engines, one file at a time. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { kafkaFiles } from './engines/kafka-files.ts';
import { mongodFile } from './engines/mongod-file.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

function run(title: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  process.stdout.write(`\n── ${title}\n`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? (signal ? 1 : 0));
}

const bin = (name: string): string => `node_modules/.bin/${name}`;
const jestOptions = { NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
const jest = (...args: string[]): void =>
  run(`jest ${args.join(' ')}`, process.execPath, ['node_modules/jest/bin/jest.js', ...args], jestOptions);

const patterns = process.argv.slice(2);
if (patterns.length > 0) {
  jest('--runInBand', ...patterns);
} else {
  run('types', bin('tsc'), ['--noEmit']);
  run('lint', bin('oxlint'), ['--type-aware']);
  run('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  await Promise.all([kafkaFiles(), mongodFile()]);
  jest('--selectProjects', 'unit');
  jest('--selectProjects', 'engines', '--runInBand');
}
