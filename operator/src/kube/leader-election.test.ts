import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { KubeError } from './api-client.ts';
import { LeaderElection } from './leader-election.ts';
import { TestApi } from '../../test/test-api.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const path = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/scaler';
/** In proportion to 15, 10 and 2 s, with more room between them for a busy machine. */
const times = { durationSeconds: 1.5, renewDeadlineSeconds: 1, retrySeconds: 0.05 };
let api: TestApi;
const all: LeaderElection[] = [];
beforeEach(() => void (api = new TestApi()));
afterEach(async () => void (await Promise.all(all.splice(0).map((one) => one.stop()))));

function candidate(identity: string) {
  const calls: string[] = [];
  const election = new LeaderElection({ api, namespace: 'shop', name: 'scaler', identity, logger, ...times });
  all.push(election);
  election.start({
    onLeading: () => calls.push('leading'),
    onLost: (error) => calls.push(error.message),
  });
  return { election, calls };
}
const lease = () => api.objects.get(path) as unknown as { spec: { holderIdentity: string; leaseTransitions: number } };
const holder = () => lease()?.spec.holderIdentity;

test('the first replica leads, and the second one stands by', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  const b = candidate('b');
  await passing(300);
  expect([a.election.isLeader(), b.election.isLeader(), holder()]).toEqual([true, false, 'a']);
  expect(b.calls).toEqual([]);
});

test('a stopped leader releases the lease, and the next one leads before it expires', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  const b = candidate('b');
  await a.election.stop();
  expect([a.election.isLeader(), holder() !== 'a']).toEqual([false, true]);
  await untilTrue(() => b.election.isLeader());
  expect(lease().spec.leaseTransitions).toBe(1);
  // A stop does not lose the lease.
  expect(a.calls).toEqual(['leading']);
});

test('a stopped replica that does not lead keeps the lease as it is', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  const b = candidate('b');
  await b.election.stop();
  expect([holder(), a.election.isLeader()]).toEqual(['a', true]);
});

test('a conflicting write of another replica is no loss of the lease', async () => {
  api.put(path, { metadata: { name: 'scaler' }, spec: { holderIdentity: '', leaseTransitions: 4 } });
  let refused = 0;
  api.fault = (request) => {
    if (!request.startsWith('PUT') || refused++ > 0) return undefined;
    return new KubeError(409, 'the object has been modified');
  };
  const a = candidate('a');
  await untilTrue(() => refused === 1);
  expect([a.election.isLeader(), a.calls]).toEqual([false, []]);
  await untilTrue(() => a.election.isLeader());
  expect(a.calls).toEqual(['leading']);
});

test('a leader that cannot renew in time loses the lease, with the reason', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  api.fault = () => new Error('no response');
  await untilTrue(() => a.calls.length === 2);
  expect(a.election.isLeader()).toBe(false);
  expect(a.calls[1]).toMatch(/not renewed within 1 s/u);
});

test('a leader that finds another holder loses the lease', async () => {
  const a = candidate('a');
  await untilTrue(() => a.election.isLeader());
  api.put(path, { metadata: { name: 'scaler' }, spec: { holderIdentity: 'b', leaseDurationSeconds: 60 } });
  await untilTrue(() => a.calls.length === 2);
  expect([a.election.isLeader(), holder()]).toEqual([false, 'b']);
  expect(a.calls[1]).toMatch(/another replica/u);
});

test('a lease that is not renewed expires, by the clock of the replica that waits', async () => {
  const longAgo = '1970-01-01T00:00:00.000000Z';
  api.put(path, {
    metadata: { name: 'scaler' },
    spec: { holderIdentity: 'crashed', leaseDurationSeconds: 0.5, renewTime: longAgo },
  });
  const a = candidate('a');
  await passing(200);
  expect(holder()).toBe('crashed');
  await untilTrue(() => a.election.isLeader());
});

const passing = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));
async function untilTrue(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + 4_000; !condition(); await passing(5)) {
    if (performance.now() > until) throw new Error('the condition was not true within 4 s');
  }
}
