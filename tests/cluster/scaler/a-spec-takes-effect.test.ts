/** Modes, bounds, fallback, conflicts and deletion, by an operator that has the rights of its chart and no others. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { createWorld, kind, type Operator, type World } from './operator-environment.ts';

jest.setTimeout(120_000);
let world: World;
let operator: Operator;
beforeAll(async () => {
  world = await createWorld('modes');
  operator = await world.startOperator('one');
});
afterAll(async () => world?.[Symbol.asyncDispose]());

test('bounds hold also while the lag is unknown, and changes are acted on at once', async () => {
  await world.addTarget('bounds');
  await world.addScaler('bounds', { minReplicas: 2, maxReplicas: 4 });
  await world.untilReplicas('bounds', 2);
  await world.setSpec('bounds', { minReplicas: 3 });
  await world.untilReplicas('bounds', 3, 5_000);
  await world.kubectl('scale', 'deployment/bounds', '--replicas=9');
  await world.untilReplicas('bounds', 4, 5_000);
  await eventually(async () => {
    const { status, metadata } = await world.get(kind, 'bounds');
    expect(status).toMatchObject({ observedGeneration: metadata.generation, replicas: 4, desiredReplicas: 4 });
    expect(await world.condition('bounds', 'LagKnown')).toMatchObject({ status: 'False' });
    expect(await world.condition('bounds', 'Ready')).toMatchObject({ status: 'False', reason: 'LagUnknown' });
  });
  const { items } = await world.get('events');
  const told = items
    .filter(({ involvedObject }: any) => involvedObject.name === 'bounds')
    .map(({ reason }: any) => reason);
  expect(told).toEqual(expect.arrayContaining(['ScaledUp', 'ScaledDown']));
});

test('with the lag unknown too often the fallback applies; unknown alone changes nothing', async () => {
  await world.addTarget('fallback', 1);
  await world.addScaler('fallback', { fallback: { afterFailures: 5, behavior: 'AtLeast', replicas: 3 } });
  await eventually(async () => {
    expect((await world.get(kind, 'fallback')).status?.lastDecision).toMatchObject({
      action: 'Hold',
      reason: 'LagUnknown',
    });
  });
  expect(await world.replicas('fallback')).toBe(1);
  await world.untilReplicas('fallback', 3);
  expect(await world.condition('fallback', 'FallbackActive')).toMatchObject({ status: 'True', reason: 'AtLeast' });
});

test('observing says what it would do; paused does nothing at all; auto does it', async () => {
  await world.addTarget('modes');
  await world.addScaler('modes', { minReplicas: 2, mode: 'Observe' });
  await eventually(async () => {
    const { status } = await world.get(kind, 'modes');
    expect(status?.lastDecision).toMatchObject({ action: 'ScaleUp', from: 0, to: 2, applied: false });
  });
  await world.setSpec('modes', { mode: 'Paused' });
  await eventually(async () => {
    expect((await world.get(kind, 'modes')).status?.lastDecision).toMatchObject({ action: 'Hold', reason: 'Paused' });
  });
  expect(await world.replicas('modes')).toBe(0);
  await world.setSpec('modes', { mode: 'Auto' });
  await world.untilReplicas('modes', 2, 5_000);
});

test('a target that somebody else scales is left to him, until he is gone', async () => {
  await world.addTarget('shared', 1);
  await world.apply({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'rival' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shared' }, maxReplicas: 1 },
  });
  await world.addScaler('shared', { minReplicas: 3 });
  await eventually(async () => {
    expect(await world.condition('shared', 'Conflict')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('HorizontalPodAutoscaler rival'),
    });
  });
  expect(await world.replicas('shared')).toBe(1);
  await world.kubectl('delete', 'hpa', 'rival');
  await world.untilReplicas('shared', 3, 10_000);
  expect(await world.condition('shared', 'Conflict')).toMatchObject({ status: 'False' });
});

test('of two resources with one target the older one has it', async () => {
  await world.addTarget('twice');
  await world.addScaler('twice', { minReplicas: 1 });
  await world.untilReplicas('twice', 1);
  await world.addScaler('twice-b', { targetRef: { name: 'twice' }, minReplicas: 5 });
  await eventually(async () => {
    expect(await world.condition('twice-b', 'Conflict')).toMatchObject({ status: 'True' });
  });
  expect(await world.replicas('twice')).toBe(1);
  await world.kubectl('delete', kind, 'twice');
  await world.untilReplicas('twice', 5, 10_000);
});

test('with the resource gone, replicas are given back or kept, as it said', async () => {
  for (const [name, onDelete] of [
    ['restored', 'Restore'],
    ['kept', 'Keep'],
  ] as const) {
    await world.addTarget(name, 1);
    await world.addScaler(name, { minReplicas: 4, onDelete });
    await world.untilReplicas(name, 4);
    await world.kubectl('delete', kind, name, '--timeout=20s');
  }
  expect(await world.replicas('restored')).toBe(1);
  expect(await world.replicas('kept')).toBe(4);
});

test('a resource whose target is missing says so, and finds it when it comes', async () => {
  await world.addScaler('late', { minReplicas: 2 });
  await eventually(async () => {
    expect(await world.condition('late', 'Ready')).toMatchObject({ status: 'False', reason: 'TargetNotFound' });
  });
  await world.addTarget('late');
  await world.untilReplicas('late', 2, 10_000);
});

test('it may do what it did, and nothing that it need not', async () => {
  const may = async (...what: readonly string[]) =>
    (
      await world
        .kubectl('auth', 'can-i', ...what, `--as=system:serviceaccount:${world.namespace}:consumer-scaler`)
        .catch((error: Error) => (error.message.includes('no') ? 'no' : error.message))
    ).trim();
  expect(await may('patch', 'deployments', '--subresource=scale')).toBe('yes');
  for (const what of [
    ['patch', 'deployments'],
    ['update', 'deployments', '--subresource=scale'],
    ['delete', kind],
    ['get', 'secrets'],
    ['list', 'pods'],
    ['get', 'leases/another'],
    ['list', 'deployments', '--all-namespaces'],
  ]) {
    expect([what.join(' '), await may(...what)]).toEqual([what.join(' '), 'no']);
  }
  // No look failed for want of a right.
  expect(operator.log()).not.toContain('forbidden');
});

test('all requests share a few connections', async () => {
  const before = { connections: world.proxy.connections(), requests: world.proxy.requests() };
  await eventually(() => expect(world.proxy.requests() - before.requests).toBeGreaterThan(30), 90_000);
  expect(world.proxy.connections() - before.connections).toBeLessThan(10);
});
