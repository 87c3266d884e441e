/** No process outlives its launcher, not even when the launcher is killed with -9. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from '@jest/globals';
import { exists } from './managed-process.ts';
import { waitFor } from './wait-for.ts';

const managedProcess = new URL('managed-process.ts', import.meta.url).href;

/** A launcher that starts one child with this code and prints the child's pid. */
async function launcherOf(code: string): Promise<{ launcher: ReturnType<typeof spawn>; childPid: number }> {
  const script = `
    import { launch } from ${JSON.stringify(managedProcess)};
    const managed = await launch({ command: process.execPath, args: ['-e', ${JSON.stringify(code)}], output: 'pipe', stage: 1 });
    managed.child.stdout.once('data', () => process.stdout.write(managed.pid + '\\n'));
    setInterval(() => {}, 1000);
  `;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: launcher.stdout })) return { launcher, childPid: Number(line) };
  throw new Error('the launcher printed nothing');
}

const untilExited = (pid: number): Promise<true> =>
  waitFor(async () => !exists(pid) || undefined, { what: `The exit of pid ${pid}`, timeoutMs: 15_000 });

test('a child stops when its launcher is killed', async () => {
  const { launcher, childPid } = await launcherOf("console.log('up'); setInterval(() => {}, 1000)");
  launcher.kill('SIGKILL');
  await untilExited(childPid);
});

test('a child that ignores SIGTERM, or is paused, is killed', async () => {
  const { launcher, childPid } = await launcherOf(
    "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)",
  );
  const paused = await launcherOf("console.log('up'); setInterval(() => {}, 1000)");
  process.kill(paused.childPid, 'SIGSTOP');
  launcher.kill('SIGKILL');
  paused.launcher.kill('SIGKILL');
  await Promise.all([untilExited(childPid), untilExited(paused.childPid)]);
}, 20_000);
