import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { KubeError } from './api-client.ts';
import { createLeaderElection, type LeaderElection } from './leader-election.ts';
import { TestApi } from '../../test/test-api.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const path = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/scaler';
/** As 15, 10 and 2 s are to each other, but for a busy machine's sake with more room between them. */
const times = { durationSeconds: 1.5, renewDeadlineSeconds: 1, retrySeconds: 0.05 };
let api: TestApi;
const all: LeaderElection[] = [];
beforeEach(() => void (api = new TestApi()));
afterEach(async () => void (await Promise.all(all.splice(0).map((one) => one.stop()))));

function candidate(identity: string) {
  const told: string[] = [];
  const election = createLeaderElection({
    api,
    namespace: 'shop',
    name: 'scaler',
    identity,
    logger,
    onLeading: () => told.push('leading'),
    onLost: (error) => told.push(error.message),
    ...times,
  });
  all.push(election);
  election.start();
  return { election, told };
}
const lease = () => api.objects.get(path) as unknown as { spec: { holderIdentity: string; leaseTransitions: number } };
const holder = () => lease()?.spec.holderIdentity;

test('the first one leads, and the second one stands by', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  const b = candidate('b');
  await passing(300);
  expect([a.election.isLeader(), b.election.isLeader(), holder()]).toEqual([true, false, 'a']);
  expect(b.told).toEqual([]);
});

test('one that is stopped lets go, and the next one leads before the lease runs out', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  const b = candidate('b');
  await a.election.stop();
  expect([a.election.isLeader(), holder() !== 'a']).toEqual([false, true]);
  await untilTrue(() => b.election.isLeader());
  expect(lease().spec.leaseTransitions).toBe(1);
  // To stop is not to lose.
  expect(a.told).toEqual(['leading']);
});

test('one that stops and does not lead leaves the lease as it is', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  const b = candidate('b');
  await b.election.stop();
  expect([holder(), a.election.isLeader()]).toEqual(['a', true]);
});

test('a write that comes too late is somebody else’s success, and no loss', async () => {
  api.put(path, { metadata: { name: 'scaler' }, spec: { holderIdentity: '', leaseTransitions: 4 } });
  let refused = 0;
  api.fault = (request) => {
    if (!request.startsWith('PUT') || refused++ > 0) return undefined;
    return new KubeError(409, 'the object has been modified');
  };
  const a = candidate('a');
  await untilTrue(() => refused === 1);
  expect([a.election.isLeader(), a.told]).toEqual([false, []]);
  await untilTrue(() => a.election.isLeader());
  expect(a.told).toEqual(['leading']);
});

test('who cannot renew in time leads no longer, and is told why', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  api.fault = () => new Error('nobody answers');
  await untilTrue(() => a.told.length === 2);
  expect(a.election.isLeader()).toBe(false);
  expect(a.told[1]).toMatch(/not renewed within 1 s/u);
});

test('who finds the lease in other hands has lost it', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  api.put(path, { metadata: { name: 'scaler' }, spec: { holderIdentity: 'b', leaseDurationSeconds: 60 } });
  await untilTrue(() => a.told.length === 2);
  expect([a.election.isLeader(), holder()]).toEqual([false, 'b']);
  expect(a.told[1]).toMatch(/another replica/u);
});

test('a lease whose holder says nothing runs out, by the clock of the one who waits', async () => {
  const longAgo = '1970-01-01T00:00:00.000000Z';
  api.put(path, {
    metadata: { name: 'scaler' },
    spec: { holderIdentity: 'dead', leaseDurationSeconds: 0.5, renewTime: longAgo },
  });
  const a = candidate('a');
  await passing(200);
  expect(holder()).toBe('dead');
  await untilTrue(() => a.election.isLeader());
});

const passing = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));
async function untilTrue(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + 4_000; !condition(); await passing(5)) {
    if (performance.now() > until) throw new Error('it did not come true in 4 s');
  }
}
