/** `npm run test:cluster`: installs the pipeline in the cluster of KUBECONFIG, tests it, and tests its removal last. */
import { spawnSync } from 'node:child_process';
import { jestFlags } from '../jest-flags.ts';
import { isSetupError } from '../../dev/setup-error.ts';
import { repository } from '../manifests/render.ts';
import { figures } from './support/figures.ts';
import { setUp } from './support/set-up.ts';

const patterns = process.argv.slice(2);
const jest = (...args: readonly string[]): number => {
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/jest/bin/jest.js', '--config', 'tests/cluster/jest.config.mjs', '--runInBand', '--verbose', ...args],
    { cwd: repository, stdio: 'inherit', env: { ...process.env, NODE_OPTIONS: jestFlags.join(' ') } },
  );
  return status ?? 1;
};

try {
  await setUp();
  const last = 'uninstall-leaves';
  process.exitCode = jest(...(patterns.length > 0 ? patterns : ['--testPathIgnorePatterns', last]));
  if (patterns.length === 0) {
    process.stdout.write(await figures());
    process.exitCode ||= jest(last);
  }
} catch (error) {
  if (!isSetupError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
