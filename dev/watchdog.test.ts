/** Nothing that was started outlives its launcher, not even when that is killed with -9. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from '@jest/globals';
import { waitFor } from './wait-for.ts';

const managedProcess = new URL('managed-process.ts', import.meta.url).href;

/** A launcher that starts one child with this code and writes the child's pid. */
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
  throw new Error('the launcher said nothing');
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const untilGone = (pid: number): Promise<true> =>
  waitFor(async () => isGone(pid) || undefined, { what: `The end of pid ${pid}`, timeoutMs: 15_000 });

test('a child ends with its launcher', async () => {
  const { launcher, childPid } = await launcherOf("console.log('up'); setInterval(() => {}, 1000)");
  launcher.kill('SIGKILL');
  await untilGone(childPid);
});

test('a child that ignores SIGTERM, or is paused, is killed', async () => {
  const { launcher, childPid } = await launcherOf(
    "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)",
  );
  const paused = await launcherOf("console.log('up'); setInterval(() => {}, 1000)");
  process.kill(paused.childPid, 'SIGSTOP');
  launcher.kill('SIGKILL');
  paused.launcher.kill('SIGKILL');
  await Promise.all([untilGone(childPid), untilGone(paused.childPid)]);
}, 20_000);
