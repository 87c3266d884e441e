import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const entry = new URL('./index.ts', import.meta.url).href;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A service whose one component does `component`, as a process of its own; resolves when it has logged `until`. */
async function run(
  component: string,
  { until = 'started', env = {} }: { until?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const script = `
    import { commonSettings, createLifecycle, createLogger, readConfig, runService } from '${entry}';
    import { z } from '${import.meta.resolve('zod')}';
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    await runService({
      config: () =>
        readConfig(z.object({ ...commonSettings, NEW_NAME: z.string().optional().meta({ formerName: 'OLD_NAME' }) })),
      build: ({ SHUTDOWN_TIMEOUT_MS: shutdownTimeoutMs }) => {
        const logger = createLogger({ service: 's' });
        const lifecycle = createLifecycle({ logger, shutdownTimeoutMs });
        const keepAlive = setInterval(() => {}, 1000);
        lifecycle.add({ name: 'last to stop', stop: () => { logger.info('all stopped'); clearInterval(keepAlive); } });
        lifecycle.add(${component});
        return { logger, lifecycle };
      },
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, ...env } });
  children.push(child);
  const lines: string[] = [];
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const exited = new Promise<{ code: number | null; output: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, output: lines.join('\n'), stderr })),
  );
  const seen = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line.includes(until)) resolve();
    });
  });
  await Promise.race([seen, exited]);
  return { child, exited };
}

describe('a service as a process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and exits 0', async (signal) => {
    const { child, exited } = await run(`{ name: 'a', stop: () => sleep(100) }`);
    child.kill(signal);
    const { code, output, stderr } = await exited;
    expect(output).toContain('all stopped');
    expect([code, stderr]).toEqual([0, '']);
  });

  test('warns once, at start, of a variable that has a new name', async () => {
    const { child, exited } = await run(`{ name: 'a', stop: () => {} }`, { env: { OLD_NAME: '1' } });
    child.kill('SIGTERM');
    const { output } = await exited;
    const warnings = output.split('\n').filter((line) => line.includes('OLD_NAME'));
    expect(warnings.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'warn', msg: 'OLD_NAME has a new name, NEW_NAME' },
    ]);
  });

  test('counts two signals at the same moment as one', async () => {
    const { child, exited } = await run(`{ name: 'a', stop: () => sleep(200) }`);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect((await exited).code).toBe(0);
  });

  test('exits at once on a later second signal', async () => {
    const { child, exited } = await run(`{ name: 'stuck', stop: () => sleep(60_000) }`);
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 700));
    child.kill('SIGINT');
    const { code, output } = await exited;
    expect(code).toBe(1);
    expect(output).not.toContain('all stopped');
  });

  test('exits 1 when a component does not stop in time, and names it', async () => {
    const { child, exited } = await run(`{ name: 'stuck', stop: () => sleep(60_000) }`, {
      env: { SHUTDOWN_TIMEOUT_MS: '100' },
    });
    child.kill('SIGTERM');
    const { code, output } = await exited;
    expect(code).toBe(1);
    expect(output).toContain('stuck did not stop within 100 ms');
  });

  test.each([
    ['is thrown and not caught', `setTimeout(() => { throw new Error('lost'); }, 10)`],
    ['rejects a promise that is not awaited', `void Promise.reject(new Error('lost'))`],
    ['is reported by a component that can no longer work', `lifecycle.fail(new Error('lost'))`],
  ])('logs, drains and exits 1 when an error %s', async (_how, act) => {
    const { exited } = await run(`{ name: 'a', start: () => { ${act} } }`, { until: 'stopped' });
    const { code, output } = await exited;
    expect(code).toBe(1);
    expect(output).toMatch(/"level":"fatal".*"message":"lost"/);
    expect(output).toContain('all stopped');
  });

  test('exits 1 when it cannot start, after stopping what had started', async () => {
    const { exited } = await run(`{ name: 'a', start: () => { throw new Error('port taken'); } }`, {
      until: 'stopped',
    });
    const { code, output } = await exited;
    expect(code).toBe(1);
    expect(output).toContain('port taken');
    expect(output).toContain('all stopped');
  });

  test('prints every faulty setting on standard error, and exits 1', async () => {
    const { exited } = await run(`{ name: 'a' }`, { env: { PORT: 'http', LOG_LEVEL: 'loud' } });
    const { code, output, stderr } = await exited;
    expect([code, output]).toEqual([1, '']);
    expect(stderr).toMatch(/PORT="http".*\n.*LOG_LEVEL="loud"/);
  });
});
