/** The cost of 500 resources, each with a topic of its own: CPU per round of reconciliations, and memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { waitFor } from '../../../dev/wait-for.ts';
import { repository } from '../../manifests/render.ts';
import { consumerScaler, createEnvironment, deployment, kind, type TestEnvironment } from './operator-environment.ts';

jest.setTimeout(900_000);
const sizes = { some: 200, all: 500 };
/** The default of its chart. */
const { nodeOptions } = parse(readFileSync(join(repository, 'helm/consumer-scaler/values.yaml'), 'utf8')) as {
  nodeOptions: string;
};
const rounds = 4;
const pollSeconds = 10;
let environment: TestEnvironment;

beforeAll(async () => void (environment = await createEnvironment('many')), 60_000);
afterAll(async () => environment?.[Symbol.asyncDispose]());

async function addResources(from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 100) {
    const names = Array.from({ length: Math.min(100, to - first) }, (_, index) => `group-${first + index}`);
    await environment.apply(
      ...names.map((name) => deployment(name, 1)),
      ...names.map((name) => consumerScaler(name, { topics: [name], pollSeconds })),
    );
  }
}

/** Reads once a second only, because each read makes the operator write the metrics of all resources. */
const untilMore = (reconciliations: () => Promise<number>, than: number): Promise<boolean> =>
  waitFor(
    async () => {
      expect(await reconciliations()).toBeGreaterThan(than);
      return true;
    },
    { what: 'The operator', timeoutMs: 180_000, pollMs: 1_000 },
  );

/** CPU seconds of one round over all resources, and the memory at its end. */
async function measure(resources: number, partitions: number): Promise<{ cpuSeconds: number; anonymousMiB: number }> {
  const operator = await environment.startOperator(
    `with-${resources}-${partitions}`,
    { FAKE_PARTITIONS: String(partitions), LOG_LEVEL: 'warn', NODE_OPTIONS: nodeOptions },
    '../tests/cluster/scaler/operator-with-fake-kafka.ts',
  );
  const reconciliations = () => operator.metric(/^controller_runtime_reconcile_total/);
  const cpu = () => operator.metric(/^process_cpu_seconds_total/);
  // By then the history's window is full, and hot code is compiled.
  await untilMore(reconciliations, 6 * resources);
  const from = { reconciliations: await reconciliations(), cpu: await cpu() };
  await untilMore(reconciliations, from.reconciliations + rounds * resources);
  const done = ((await reconciliations()) - from.reconciliations) / resources;
  const cpuSeconds = ((await cpu()) - from.cpu) / done;
  const rssMiB = (await operator.metric(/^process_resident_memory_bytes/)) / 2 ** 20;
  const anonymousMiB = operator.anonymousMemoryMiB();
  expect(await operator.metric(/^controller_runtime_reconcile_errors_total/)).toBe(0);
  expect(await operator.metric(/^consumer_scaler_lag_known/)).toBe(resources);
  await operator.kill('SIGTERM');
  process.stdout.write(
    `${resources} resources, ${resources * partitions} partitions: ${cpuSeconds.toFixed(2)} s of CPU a round, ` +
      `${rssMiB.toFixed(0)} MiB resident, of which ${anonymousMiB.toFixed(0)} MiB anonymous\n`,
  );
  return { cpuSeconds, anonymousMiB };
}

test('200 resources take less than 128 MiB', async () => {
  await addResources(0, sizes.some);
  const { anonymousMiB } = await measure(sizes.some, 20);
  expect(anonymousMiB).toBeLessThan(128);
});

test('a round takes less than 2 s of CPU at 10,000 partitions, and grows linearly with them', async () => {
  await addResources(sizes.some, sizes.all);
  const few = await measure(sizes.all, 5);
  const many = await measure(sizes.all, 20);
  expect(many.cpuSeconds).toBeLessThan(2);
  // Four times the partitions are at most four times the work if it is linear, and sixteen times if it is quadratic.
  expect(many.cpuSeconds / few.cpuSeconds).toBeLessThan(5);
  expect((await environment.get(kind, 'group-0')).status.partitions.total).toBe(20);
});
