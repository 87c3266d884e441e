/** Several operators with one Lease. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { createEnvironment, type Operator, type TestEnvironment } from './operator-environment.ts';

jest.setTimeout(180_000);
let environment: TestEnvironment;
beforeAll(async () => {
  environment = await createEnvironment('leader');
  await environment.addTarget('led');
});
afterAll(async () => environment?.[Symbol.asyncDispose]());

const leads = (operator: Operator) => operator.log().includes('"acquired the lease"');
const untilLeading = (operator: Operator, ms: number) => eventually(() => expect(leads(operator)).toBe(true), ms);

/** The instances that scaled, in order. */
async function writers(): Promise<string[]> {
  const { items } = await environment.get('events');
  return items
    .filter(({ reason }: any) => reason === 'ScaledUp')
    .toSorted((a: any, b: any) => a.metadata.resourceVersion - b.metadata.resourceVersion)
    .map(({ reportingInstance }: any) => reportingInstance);
}

test('another replica takes over from a leader that is killed, stopped or suspended, and no two write', async () => {
  const a = await environment.startOperator('a');
  await untilLeading(a, 10_000);
  const b = await environment.startOperator('b');
  await environment.addScaler('led', { minReplicas: 1 });
  await environment.untilReplicas('led', 1);
  expect(leads(b)).toBe(false);

  const killedAt = performance.now();
  await a.kill('SIGKILL');
  await environment.setSpec('led', { minReplicas: 2 });
  await untilLeading(b, 25_000);
  await environment.untilReplicas('led', 2);
  process.stdout.write(`took over from a killed leader after ${Math.round(performance.now() - killedAt)} ms\n`);

  // A graceful shutdown releases the lease at once.
  const c = await environment.startOperator('c');
  const stoppedAt = performance.now();
  await b.kill('SIGTERM');
  expect(b.process.exitCode).toBe(0);
  await untilLeading(c, 6_000);
  process.stdout.write(`took over from a stopped leader after ${Math.round(performance.now() - stoppedAt)} ms\n`);
  await environment.setSpec('led', { minReplicas: 3 });
  await environment.untilReplicas('led', 3);

  // Suspended for longer than its lease, it resumes as if it were the leader; it must notice before it writes.
  const d = await environment.startOperator('d');
  c.process.kill('SIGSTOP');
  await untilLeading(d, 25_000);
  await environment.setSpec('led', { minReplicas: 4 });
  await environment.untilReplicas('led', 4);
  c.process.kill('SIGCONT');
  await eventually(() => expect(c.process.exitCode).toBe(1), 15_000);
  await environment.setSpec('led', { minReplicas: 5 });
  await environment.untilReplicas('led', 5);
  expect(await writers()).toEqual(['a', 'b', 'c', 'd', 'd']);
});
