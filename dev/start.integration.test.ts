/** `npm start` as a newcomer meets it: one process to start, an order to place, and nothing left behind, however it ends. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { processNames } from './pipeline.ts';
import { freePort } from './ports.ts';
import { portVariable } from './service-environment.ts';
import { waitFor } from './wait-for.ts';

const limitMs = 120_000;
const repository = fileURLToPath(new URL('..', import.meta.url));

let dataDir: string;
let ports: Record<string, string>;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-start-'));
  ports = {};
  for (const service of processNames) ports[portVariable(service)] = String(await freePort());
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Run {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown[]>;
  output(): string;
}

function npmStart(...args: string[]): Run {
  const child = spawn('node', ['dev/with-setup.mjs', 'dev/start.ts', '--data', dataDir, ...args], {
    cwd: repository,
    env: { ...process.env, ...ports },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  return { process: child, exited: once(child, 'close'), output: () => text };
}

const untilReady = (run: Run): Promise<true> =>
  waitFor(async () => run.output().includes('Ctrl-C stops everything') || undefined, {
    what: 'npm start',
    timeoutMs: 100_000,
    giveUp: () => (run.process.exitCode === null ? undefined : run.output()),
  });

/** This process's children, their children, and so on. */
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const childrenOf = (parent: number): number[] =>
    parents.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...childrenOf(child)]);
  return childrenOf(pid);
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const untilAllGone = (pids: readonly number[]): Promise<true> =>
  waitFor(async () => pids.every(isGone) || undefined, { what: 'The end of every process', timeoutMs: 30_000 });

test(
  'an order placed with the printed curl is still there after kill -9, and Ctrl-C ends all with 0',
  async () => {
    const first = npmStart('--replicas', 'payment=2');
    await untilReady(first);
    const curl = /^curl .*?\}'$/ms.exec(first.output())?.[0] ?? '';
    const { order_id: orderId } = JSON.parse(execFileSync('sh', ['-c', curl], { encoding: 'utf8' }));
    const order = `http://127.0.0.1:${ports.ORDER_PORT}/orders/${orderId}`;
    const shipped = await (await fetch(`${order}?wait=SHIPPED&timeout_ms=20000`)).json();
    expect(shipped).toMatchObject({ order_id: orderId, status: 'SHIPPED' });

    const second = npmStart();
    expect(await second.exited).toEqual([1, null]);
    expect(second.output()).toMatch(/already runs on .* \(pid \d+\)/);

    const pids = descendants(first.process.pid!);
    const start = pids.find((pid) => descendants(pid).length > 0)!;
    // Five services, the dashboard, two engines, a watchdog for each launcher, and the launcher itself.
    expect(pids.length).toBe(11);
    first.process.kill('SIGKILL');
    process.kill(start, 'SIGKILL');
    await untilAllGone(pids);

    const third = npmStart();
    await untilReady(third);
    expect(await (await fetch(order)).json()).toEqual(shipped);
    const left = descendants(third.process.pid!);
    third.process.kill('SIGINT');
    expect(await third.exited).toEqual([0, null]);
    expect(third.output()).toContain('Stopped.');
    await untilAllGone(left);
  },
  limitMs,
);

test(
  'a service that dies is started again',
  async () => {
    const run = npmStart('--fresh');
    await untilReady(run);
    const port = Number(ports.PAYMENT_PORT);
    const instance = descendants(run.process.pid!).find((pid) =>
      execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).includes('services/payment/'),
    )!;
    process.kill(instance, 'SIGKILL');
    await untilAllGone([instance]);
    const back = async (): Promise<true | undefined> =>
      (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200 || undefined;
    await waitFor(back, { what: 'payment-1', timeoutMs: 60_000 });
    expect(run.output()).toMatch(/payment-1 ended \(SIGKILL\); starting it again in 1\.\d s/);
    run.process.kill('SIGTERM');
    expect(await run.exited).toEqual([0, null]);
  },
  limitMs,
);

test('a taken port is named, with its holder and what to do', async () => {
  const server = createServer().listen({ port: Number(ports.INVENTORY_PORT), host: '127.0.0.1' });
  await once(server, 'listening');
  const run = npmStart();
  expect(await run.exited).toEqual([1, null]);
  expect(run.output()).toMatch(
    new RegExp(
      `Port ${ports.INVENTORY_PORT} of the inventory service is taken by .*pid ${process.pid}.*INVENTORY_PORT=`,
    ),
  );
  server.close();
}, 30_000);
