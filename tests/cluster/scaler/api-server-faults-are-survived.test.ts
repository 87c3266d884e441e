/** After any fault between the operator and the API server the same process reconciles the next change. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Fault } from './fault-proxy.ts';
import { createEnvironment, type Operator, type TestEnvironment } from './operator-environment.ts';

jest.setTimeout(300_000);
/** More than three minutes in total, and each longer than the backoff of a watch and the time-out of a silent one. */
const faultMs = 40_000;
/** A list without a response times out after 30 s, and the longest backoff after that is 10 s. */
const recoveryMs = 60_000;
/** After the recovery a change is observed at once. */
const soonMs = 10_000;
const mostRequestsPerSecond = 10;
let environment: TestEnvironment;
let operator: Operator;
let replicas = 1;

beforeAll(async () => {
  environment = await createEnvironment('faults');
  // Longer than any fault here: another test covers the leader that cannot renew its lease.
  operator = await environment.startOperator('lasting', {
    LEASE_DURATION_SECONDS: '600',
    LEASE_RENEW_DEADLINE_SECONDS: '500',
  });
  await environment.addTarget('steady');
  await environment.addScaler('steady', { minReplicas: replicas });
  await environment.untilReplicas('steady', replicas);
});
afterAll(async () => environment?.[Symbol.asyncDispose]());

test.each<Fault>(['reset', 'silence', 'gone', 429, 500])('recovers from %s', async (fault) => {
  await environment.proxy.setFault(fault);
  const requests = environment.proxy.requests();
  // The duration of the fault, not a wait for a condition.
  await pause(faultMs);
  const retries = environment.proxy.requests() - requests;
  replicas += 1;
  // A change that no watch could report.
  await environment.setSpec('steady', { minReplicas: replicas });
  await environment.proxy.setFault('none');
  const recoveringAt = performance.now();
  await environment.untilReplicas('steady', replicas, recoveryMs);
  process.stdout.write(
    `${fault}: ${retries} requests in ${faultMs / 1_000} s, recovered after ${Math.round(performance.now() - recoveringAt)} ms\n`,
  );
  // The operator retries, with backoff: five watches, the lease, and the reconciliations of one resource.
  expect(retries).toBeGreaterThan(0);
  expect(retries).toBeLessThan((mostRequestsPerSecond * faultMs) / 1_000);
  // The watch reports a later change.
  replicas += 1;
  await environment.setSpec('steady', { minReplicas: replicas });
  await environment.untilReplicas('steady', replicas, soonMs);
  expect(operator.process.exitCode).toBeNull();
});
