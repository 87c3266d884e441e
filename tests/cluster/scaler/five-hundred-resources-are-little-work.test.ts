/** What 500 resources cost the operator, each with a topic of its own: CPU per round, and memory. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { consumerScaler, createWorld, deployment, kind, type World } from './support.ts';

jest.setTimeout(900_000);
const resources = 500;
const rounds = 4;
const pollSeconds = 10;
let world: World;

beforeAll(async () => {
  world = await createWorld('many');
  const names = Array.from({ length: resources }, (_, index) => `group-${index}`);
  for (let first = 0; first < resources; first += 100) {
    const some = names.slice(first, first + 100);
    await world.apply(
      ...some.map((name) => deployment(name, 1)),
      ...some.map((name) => consumerScaler(name, { topics: [name], pollSeconds })),
    );
  }
}, 600_000);
afterAll(async () => world[Symbol.asyncDispose]());

/** CPU seconds of one round over all resources, and the memory at its end. */
async function measure(partitions: number): Promise<{ cpuSeconds: number; rssMiB: number; anonymousMiB: number }> {
  const operator = await world.startOperator(
    `with-${partitions}`,
    { STAND_IN_PARTITIONS: String(partitions), LOG_LEVEL: 'warn', NODE_OPTIONS: '--max-semi-space-size=2' },
    '../../tests/cluster/scaler/operator-with-stand-in.ts',
  );
  const looks = () => operator.metric(/^controller_runtime_reconcile_total/);
  const cpu = () => operator.metric(/^process_cpu_seconds_total/);
  // The history's window has filled, and code that is hot is compiled.
  await eventually(async () => expect(await looks()).toBeGreaterThan(6 * resources), 180_000);
  const from = { looks: await looks(), cpu: await cpu() };
  await eventually(async () => expect(await looks()).toBeGreaterThan(from.looks + rounds * resources), 180_000);
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
  return { cpuSeconds, rssMiB, anonymousMiB };
}

test('a round takes less than 2 s of CPU at 10,000 partitions, and grows with them, not with their square', async () => {
  const few = await measure(5);
  const many = await measure(20);
  expect(many.cpuSeconds).toBeLessThan(2);
  // Four times the partitions: linear would be at most four times the work, squared would be sixteen times.
  expect(many.cpuSeconds / few.cpuSeconds).toBeLessThan(5);
  expect((await world.get(kind, 'group-0')).status.partitions.total).toBe(20);
});
