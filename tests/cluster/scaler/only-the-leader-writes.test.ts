/** Two operators and one Lease. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { createWorld, type Operator, type World } from './operator-environment.ts';

jest.setTimeout(180_000);
let world: World;
beforeAll(async () => {
  world = await createWorld('leader');
  await world.addTarget('led');
});
afterAll(async () => world?.[Symbol.asyncDispose]());

const leads = (operator: Operator) => operator.log().includes('"leading"');
const untilLeading = (operator: Operator, ms: number) => eventually(() => expect(leads(operator)).toBe(true), ms);

/** Who scaled, in the order in which it was done. */
async function writers(): Promise<string[]> {
  const { items } = await world.get('events');
  return items
    .filter(({ reason }: any) => reason === 'ScaledUp')
    .toSorted((a: any, b: any) => a.metadata.resourceVersion - b.metadata.resourceVersion)
    .map(({ reportingInstance }: any) => reportingInstance);
}

test('the other takes over from a leader that is killed, released or frozen, and no two write', async () => {
  const a = await world.startOperator('a');
  await untilLeading(a, 10_000);
  const b = await world.startOperator('b');
  await world.addScaler('led', { minReplicas: 1 });
  await world.untilReplicas('led', 1);
  expect(leads(b)).toBe(false);

  const killedAt = performance.now();
  await a.kill('SIGKILL');
  await world.setSpec('led', { minReplicas: 2 });
  await untilLeading(b, 25_000);
  await world.untilReplicas('led', 2);
  process.stdout.write(`took over from a killed leader after ${Math.round(performance.now() - killedAt)} ms\n`);

  // Told to stop, it lets go at once.
  const c = await world.startOperator('c');
  const stoppedAt = performance.now();
  await b.kill('SIGTERM');
  expect(b.process.exitCode).toBe(0);
  await untilLeading(c, 6_000);
  process.stdout.write(`took over from one that was stopped after ${Math.round(performance.now() - stoppedAt)} ms\n`);
  await world.setSpec('led', { minReplicas: 3 });
  await world.untilReplicas('led', 3);

  // Frozen past its lease, it wakes up believing that it leads; it must find out before it writes.
  const d = await world.startOperator('d');
  c.process.kill('SIGSTOP');
  await untilLeading(d, 25_000);
  await world.setSpec('led', { minReplicas: 4 });
  await world.untilReplicas('led', 4);
  c.process.kill('SIGCONT');
  await eventually(() => expect(c.process.exitCode).toBe(1), 15_000);
  await world.setSpec('led', { minReplicas: 5 });
  await world.untilReplicas('led', 5);
  expect(await writers()).toEqual(['a', 'b', 'c', 'd', 'd']);
});
