/**
 * node dev/with-setup.mjs <script.ts> [arguments …]
 *
 * Runs a script of this repository on the Node version that it pins, after installing what is missing. Plain JavaScript
 * without dependencies, because it starts on whatever Node the machine has.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldestNode = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
/** The digest of the lock file that was installed last; npm ci deletes it together with node_modules. */
const stamp = join(root, 'node_modules', '.installed-lock');
const parentPollMs = 500;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Whether node_modules matches package-lock.json, by npm's own record of what it has installed there. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest(lock)) return true;
  const wanted = JSON.parse(lock).packages;
  const there = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true; // the root and workspaces
    if (entry.link) return existsSync(join(root, path)); // to a workspace
    const installed = there[path];
    // Builds for other systems are optional and not installed.
    if (!installed) return entry.optional === true || entry.peer === true;
    return installed.version === entry.version && installed.integrity === entry.integrity;
  });
}

function install() {
  process.stderr.write('Installing dependencies (npm ci) …\n');
  // The npm that has called us, if one has. Development tools are needed even where NODE_ENV is production.
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'ci', '--include=dev', '--no-fund', '--no-audit', '--no-progress', '--loglevel=error'];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) fail(`npm could not be run (${error.message}); install Node.js with npm.`);
  if (status !== 0) fail('npm ci failed for the reason above; fix that, and run the same command again.');
  writeFileSync(stamp, digest(readFileSync(join(root, 'package-lock.json'), 'utf8')));
}

function digest(text) {
  return createHash('sha256').update(text).digest('hex');
}

if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  fail(`Node ${process.versions.node} is too old; install Node ${oldestNode} or newer.`);
}
if (!existsSync(join(root, 'package-lock.json'))) fail('package-lock.json is missing; restore it with git checkout.');
if (!isInstalled()) install();
if (!existsSync(pinnedNode)) {
  fail(
    'The pinned Node is missing, because npm is set to run no install scripts. Run\n' +
      '  npm rebuild node --ignore-scripts=false --foreground-scripts\nand then the same command again.',
  );
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('Usage: node dev/with-setup.mjs <script.ts> [arguments …]');

const child = spawn(pinnedNode, [join(root, script), ...args], {
  stdio: 'inherit',
  // Strips types and compiles once, for the script and for each service that it starts: saves 0.2 s of CPU each.
  env: { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...process.env },
});

// If this process is killed with -9, the watchdog stops the script, whose own watchdog stops the rest.
const watchdog = spawn(process.execPath, [join(root, 'dev', 'watchdog.mjs')], {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true,
});
watchdog.unref();
watchdog.stdin.unref();
watchdog.stdin.on('error', () => {});
watchdog.stdin.write(`watch ${child.pid} 0\n`);

// The script handles signals; this process only forwards them and waits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

// A killed npm sends no signal. Without npm, the parent may be a shell that exits on purpose (nohup).
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer); // once: a second signal would kill what the first one stops cleanly
    child.kill('SIGTERM');
  }, parentPollMs);
  timer.unref();
}

child.on('error', (error) => fail(`${pinnedNode} does not run here (${error.message}); run npm rebuild node.`));
child.on('exit', (code, signal) => {
  watchdog.stdin.write(`forget ${child.pid}\n`);
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exit(code ?? 1);
  }
});
