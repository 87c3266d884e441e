/** `npm start` for a newcomer: one command, an order to place, and no process left, however it stops. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditorPortVariable } from './auditor.ts';
import { startKafka } from './engines/kafka.ts';
import { startMongo } from './engines/mongo.ts';
import { exists } from './managed-process.ts';
import { processNames } from './pipeline.ts';
import { freePort } from './ports.ts';
import { portVariable } from './service-environment.ts';
import { waitFor } from './wait-for.ts';

const limitMs = 120_000;
const repository = fileURLToPath(new URL('..', import.meta.url));

let dataDir: string;
let ports: Record<string, string>;
let orderId: string;
const orderUrl = (query = ''): string => `http://127.0.0.1:${ports.ORDER_PORT}/orders/${orderId}${query}`;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-start-'));
  ports = {};
  for (const variable of [...processNames.map(portVariable), auditorPortVariable]) {
    ports[variable] = String(await freePort());
  }
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Run {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown[]>;
  /** Standard output and standard error. */
  output(): string;
  /** Whole lines of standard output. */
  data(): string;
}

const npmStart = (...args: string[]): Run => npmStartWith({}, ...args);

function npmStartWith(env: NodeJS.ProcessEnv, ...args: string[]): Run {
  const child = spawn('node', ['dev/with-setup.mjs', 'dev/start.ts', '--data', dataDir, ...args], {
    cwd: repository,
    env: { ...process.env, ...ports, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, lines] = ['', ''];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (data) => (text += data));
  child.stdout.on('data', (data) => (lines += data));
  const wholeLines = (): string => lines.slice(0, lines.lastIndexOf('\n') + 1);
  return { process: child, exited: once(child, 'close'), output: () => text, data: wholeLines };
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

const commandOf = (pid: number): string => execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });

const untilAllExited = (pids: readonly number[]): Promise<true> =>
  waitFor(async () => !pids.some(exists) || undefined, { what: 'The exit of every process', timeoutMs: 30_000 });

test(
  'an order placed with the printed curl survives kill -9 of the launchers, which leaves no process',
  async () => {
    const run = npmStart('--replicas', 'payment=2');
    await untilReady(run);
    const curl = /^curl .*?\}'$/ms.exec(run.output())?.[0] ?? '';
    const response = execFileSync('sh', ['-c', curl], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    orderId = JSON.parse(response).order_id;
    const shipped = await (await fetch(orderUrl('?wait=SHIPPED&timeout_ms=20000'))).json();
    expect(shipped).toMatchObject({ order_id: orderId, status: 'SHIPPED' });

    const second = npmStart();
    expect(await second.exited).toEqual([1, null]);
    expect(second.output()).toMatch(/already runs on .* \(pid \d+\)/);

    const pids = descendants(run.process.pid!);
    const start = pids.find((pid) => descendants(pid).length > 0)!;
    // One replica more than there are services, two engines, the auditor, two launchers' watchdogs, the launcher itself.
    expect(pids.length).toBe(processNames.length + 1 + 2 + 1 + 2 + 1);
    run.process.kill('SIGKILL');
    process.kill(start, 'SIGKILL');
    await untilAllExited(pids);
  },
  limitMs,
);

test(
  'the next start has the same data, restarts a killed service, and exits with 0 at Ctrl-C',
  async () => {
    const run = npmStart();
    await untilReady(run);
    expect(await (await fetch(orderUrl())).json()).toMatchObject({ order_id: orderId, status: 'SHIPPED' });

    // The auditor reads what the first start stored, and the dashboard shows its result.
    const auditorResult = async (): Promise<true | undefined> => {
      const response = await fetch(`http://127.0.0.1:${ports.DASHBOARD_PORT}/api/overview`);
      const { items } = (await response.json()) as { items: { name: string; summary: string }[] };
      const found = items.find(({ name }) => name === 'auditor');
      return found?.summary === 'no violations' || undefined;
    };
    await waitFor(auditorResult, { what: "The auditor's result", timeoutMs: 60_000 });

    const pids = descendants(run.process.pid!);
    const payment = pids.find((pid) => commandOf(pid).includes('services/payment/'))!;
    process.kill(payment, 'SIGKILL');
    await untilAllExited([payment]);
    const ready = async (): Promise<true | undefined> =>
      (await fetch(`http://127.0.0.1:${ports.PAYMENT_PORT}/readyz`)).status === 200 || undefined;
    await waitFor(ready, { what: 'payment-1', timeoutMs: 60_000 });
    expect(run.output()).toMatch(/payment-1 exited \(SIGKILL\); restarting it in [12]\.\d s/);

    const left = descendants(run.process.pid!);
    run.process.kill('SIGINT');
    expect(await run.exited).toEqual([0, null]);
    expect(run.output()).toContain('Stopped.');
    await untilAllExited(left);
  },
  limitMs,
);

test(
  'engines that the user names are used, and keep running',
  async () => {
    // On the data of the starts before, so that the order shows which engines are used.
    const [kafka, mongo] = await Promise.all([
      startKafka({ dataDir: join(dataDir, 'kafka') }),
      startMongo({ dataDir: join(dataDir, 'mongo') }),
    ]);
    const named = { KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers, MONGODB_URI: mongo.uri };
    try {
      const run = npmStartWith(named, '--data', join(dataDir, 'other'));
      await untilReady(run);
      expect(await (await fetch(orderUrl())).json()).toMatchObject({ order_id: orderId, status: 'SHIPPED' });
      expect(descendants(run.process.pid!).map(commandOf).join('')).not.toMatch(/java|mongod /);
      run.process.kill('SIGINT');
      expect(await run.exited).toEqual([0, null]);
      expect([...kafka.pids, ...mongo.pids]).toHaveLength(2);

      const fresh = npmStartWith(named, '--fresh');
      expect(await fresh.exited).toEqual([1, null]);
      expect(fresh.output()).toContain('--fresh deletes the data of the engines that npm start runs');
    } finally {
      await Promise.all([kafka.stop(), mongo.stop()]);
    }
  },
  limitMs,
);

test(
  'a fresh start has no earlier orders',
  async () => {
    const run = npmStart('--fresh');
    await untilReady(run);
    expect((await fetch(orderUrl())).status).toBe(404);
    const stock = await (await fetch(`http://127.0.0.1:${ports.INVENTORY_PORT}/inventory/P001`)).json();
    expect(stock).toMatchObject({ quantity: 100 });

    const java = descendants(run.process.pid!).find((pid) => commandOf(pid).includes('java'))!;
    process.kill(java, 'SIGKILL');
    const restarted = async (): Promise<true | undefined> => run.output().includes('Kafka is ready again') || undefined;
    await waitFor(restarted, { what: 'Kafka', timeoutMs: 60_000 });
    expect(run.output()).toMatch(/Kafka exited; restarting it in [12]\.\d s/);

    // A program that reads standard output gets JSON lines of every process.
    const lines = run.data().trim().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).service)).size).toBeGreaterThanOrEqual(processNames.length);
    run.process.kill('SIGINT');
    expect(await run.exited).toEqual([0, null]);
  },
  limitMs,
);

test('a port in use is named, with its holder and the remedy', async () => {
  const server = createServer().listen({ port: Number(ports.INVENTORY_PORT), host: '127.0.0.1' });
  await once(server, 'listening');
  const run = npmStart();
  expect(await run.exited).toEqual([1, null]);
  expect(run.output()).toMatch(
    new RegExp(
      `Port ${ports.INVENTORY_PORT} of the inventory service is used by .*pid ${process.pid}.*INVENTORY_PORT=`,
    ),
  );
  server.close();
}, 30_000);
