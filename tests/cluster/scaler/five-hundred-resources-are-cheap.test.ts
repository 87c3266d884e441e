/** What 500 resources cost the operator, each with a topic of its own: CPU per round, and memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { waitFor } from '../../../dev/wait-for.ts';
import { repository } from '../../manifests/render.ts';
import { consumerScaler, createWorld, deployment, kind, type World } from './operator-environment.ts';

jest.setTimeout(900_000);
const sizes = { some: 200, all: 500 };
/** As its chart has it. */
const { nodeOptions } = parse(readFileSync(join(repository, 'helm/consumer-scaler/values.yaml'), 'utf8')) as {
  nodeOptions: string;
};
const rounds = 4;
const pollSeconds = 10;
let world: World;

beforeAll(async () => void (world = await createWorld('many')), 60_000);
afterAll(async () => world?.[Symbol.asyncDispose]());

async function addResources(from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 100) {
    const names = Array.from({ length: Math.min(100, to - first) }, (_, index) => `group-${first + index}`);
    await world.apply(
      ...names.map((name) => deployment(name, 1)),
      ...names.map((name) => consumerScaler(name, { topics: [name], pollSeconds })),
    );
  }
}

/** Asks once a second only: for each answer the operator writes the metrics of all resources. */
const untilMore = (looks: () => Promise<number>, than: number): Promise<boolean> =>
  waitFor(
    async () => {
      expect(await looks()).toBeGreaterThan(than);
      return true;
    },
    { what: 'The operator', timeoutMs: 180_000, pollMs: 1_000 },
  );

/** CPU seconds of one round over all resources, and the memory at its end. */
async function measure(resources: number, partitions: number): Promise<{ cpuSeconds: number; anonymousMiB: number }> {
  const operator = await world.startOperator(
    `with-${resources}-${partitions}`,
    { STAND_IN_PARTITIONS: String(partitions), LOG_LEVEL: 'warn', NODE_OPTIONS: nodeOptions },
    '../tests/cluster/scaler/operator-with-fake-kafka.ts',
  );
  const looks = () => operator.metric(/^controller_runtime_reconcile_total/);
  const cpu = () => operator.metric(/^process_cpu_seconds_total/);
  // The history's window has filled, and code that is hot is compiled.
  await untilMore(looks, 6 * resources);
  const from = { looks: await looks(), cpu: await cpu() };
  await untilMore(looks, from.looks + rounds * resources);
  const done = ((await looks()) - from.looks) / resources;
  const cpuSeconds = ((await cpu()) - from.cpu) / done;
  const rssMiB = (await operator.metric(/^process_resident_memory_bytes/)) / 2 ** 20;
  const anonymousMiB = operator.anonymousMemoryMiB();
  expect(await operator.metric(/^controller_runtime_reconcile_errors_total/)).toBe(0);
  expect(await operator.metric(/^consumer_scaler_lag_known/)).toBe(resources);
  await operator.kill('SIGTERM');
  process.stdout.write(
    `${resources} resources, ${resources * partitions} partitions: ${cpuSeconds.toFixed(2)} s of CPU a round, ` +
      `${rssMiB.toFixed(0)} MiB resident, of which ${anonymousMiB.toFixed(0)} MiB are its own\n`,
  );
  return { cpuSeconds, anonymousMiB };
}

test('200 resources take less than 128 MiB', async () => {
  await addResources(0, sizes.some);
  const { anonymousMiB } = await measure(sizes.some, 20);
  expect(anonymousMiB).toBeLessThan(128);
});

test('a round takes less than 2 s of CPU at 10,000 partitions, and grows with them, not with their square', async () => {
  await addResources(sizes.some, sizes.all);
  const few = await measure(sizes.all, 5);
  const many = await measure(sizes.all, 20);
  expect(many.cpuSeconds).toBeLessThan(2);
  // Four times the partitions: linear would be at most four times the work, squared would be sixteen times.
  expect(many.cpuSeconds / few.cpuSeconds).toBeLessThan(5);
  expect((await world.get(kind, 'group-0')).status.partitions.total).toBe(20);
});
