/** Whatever happens between the operator and the API server: afterwards the next change is acted on, by the same process. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Fault } from './fault-proxy.ts';
import { createWorld, type Operator, type World } from './operator-environment.ts';

jest.setTimeout(300_000);
/** More than three minutes in all, and each longer than any back-off of a watch and than a silent watch is believed. */
const faultMs = 40_000;
/** A list that was swallowed is given up after 30 s, and the longest pause after that is 10 s. */
const recoveryMs = 60_000;
/** With all well again a change is heard of at once. */
const soonMs = 10_000;
const mostRequestsPerSecond = 10;
let world: World;
let operator: Operator;
let replicas = 1;

beforeAll(async () => {
  world = await createWorld('faults');
  // Longer than any fault here: that a leader who cannot renew ends is the subject of another test.
  operator = await world.startOperator('lasting', {
    LEASE_DURATION_SECONDS: '600',
    LEASE_RENEW_DEADLINE_SECONDS: '500',
  });
  await world.addTarget('steady');
  await world.addScaler('steady', { minReplicas: replicas });
  await world.untilReplicas('steady', replicas);
});
afterAll(async () => world?.[Symbol.asyncDispose]());

test.each<Fault>(['reset', 'silence', 'gone', 429, 500])('%s, for a while', async (fault) => {
  await world.proxy.setFault(fault);
  const requests = world.proxy.requests();
  // It is the fault that lasts so long, not a wait for something.
  await pause(faultMs);
  const asked = world.proxy.requests() - requests;
  replicas += 1;
  // A change that nobody could tell the operator of.
  await world.setSpec('steady', { minReplicas: replicas });
  await world.proxy.setFault('none');
  const begun = performance.now();
  await world.untilReplicas('steady', replicas, recoveryMs);
  process.stdout.write(
    `${fault}: ${asked} requests in ${faultMs / 1_000} s, recovered after ${Math.round(performance.now() - begun)} ms\n`,
  );
  // Tried again, and not in a storm: five watches, the lease, and the looks at one resource.
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan((mostRequestsPerSecond * faultMs) / 1_000);
  // And a change that comes afterwards, which the watch tells.
  replicas += 1;
  await world.setSpec('steady', { minReplicas: replicas });
  await world.untilReplicas('steady', replicas, soonMs);
  expect(operator.process.exitCode).toBeNull();
});
