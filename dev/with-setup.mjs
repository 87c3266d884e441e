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
/** What was last installed here; npm ci empties node_modules, so it goes with what it speaks of. */
const stamp = join(root, 'node_modules', '.installed-lock');
const parentPollMs = 500;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Whether node_modules holds what package-lock.json says; npm keeps its own record of what it installed there. */
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
    // Builds for other systems are optional and stay away.
    if (!installed) return entry.optional === true || entry.peer === true;
    return installed.version === entry.version && installed.integrity === entry.integrity;
  });
}

const digest = (text) => createHash('sha256').update(text).digest('hex');

function install() {
  process.stderr.write('Installing dependencies (npm ci) …\n');
  // The very npm that called us, where one did. Development tools are needed even where NODE_ENV says production.
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'ci', '--include=dev', '--no-fund', '--no-audit', '--no-progress', '--loglevel=error'];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) fail(`npm could not be run (${error.message}); install Node.js with npm.`);
  if (status !== 0) fail('npm ci failed, for the reason above; once that is solved, run the same command again.');
  writeFileSync(stamp, digest(readFileSync(join(root, 'package-lock.json'), 'utf8')));
}

if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  fail(`Node ${process.versions.node} is too old; install Node ${oldestNode} or newer.`);
}
if (!existsSync(join(root, 'package-lock.json'))) fail('package-lock.json is missing; restore it with git checkout.');
if (!isInstalled()) install();
if (!existsSync(pinnedNode)) {
  fail(
    'The pinned Node is not there, because npm is set to run no install scripts. Run\n' +
      '  npm rebuild node --ignore-scripts=false --foreground-scripts\nand then the same command again.',
  );
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('Usage: node dev/with-setup.mjs <script.ts> [arguments …]');

const child = spawn(pinnedNode, [join(root, script), ...args], {
  stdio: 'inherit',
  // Types stripped and code compiled once, for the script and for each service that it starts: 0.2 s of CPU each.
  env: { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...process.env },
});

// If this process is killed with -9, the watchdog asks the script to stop, and the script has its own for the rest.
const watchdog = spawn(process.execPath, [join(root, 'dev', 'watchdog.mjs')], {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true,
});
watchdog.unref();
watchdog.stdin.unref();
watchdog.stdin.on('error', () => {});
watchdog.stdin.write(`watch ${child.pid} 0\n`);

// A signal is the script's to obey, in its own time; this process only passes it on and waits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

// npm killed with -9 tells nobody. Without npm, a parent that goes may be a shell that was meant to be left (nohup).
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer); // once: told twice, the script would stop at once instead of cleanly
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
