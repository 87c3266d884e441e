/** Modes, bounds, fallback, conflicts and deletion, with exactly the rights that the chart grants. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { createEnvironment, kind, type Operator, type TestEnvironment } from './operator-environment.ts';

jest.setTimeout(120_000);
let environment: TestEnvironment;
let operator: Operator;
beforeAll(async () => {
  environment = await createEnvironment('modes');
  operator = await environment.startOperator('one');
});
afterAll(async () => environment?.[Symbol.asyncDispose]());

test('bounds apply while the lag is unknown, and changes take effect at once', async () => {
  await environment.addTarget('bounds');
  await environment.addScaler('bounds', { minReplicas: 2, maxReplicas: 4 });
  await environment.untilReplicas('bounds', 2);
  await environment.setSpec('bounds', { minReplicas: 3 });
  await environment.untilReplicas('bounds', 3, 5_000);
  await environment.kubectl('scale', 'deployment/bounds', '--replicas=9');
  await environment.untilReplicas('bounds', 4, 5_000);
  await eventually(async () => {
    const { status, metadata } = await environment.get(kind, 'bounds');
    expect(status).toMatchObject({ observedGeneration: metadata.generation, replicas: 4, desiredReplicas: 4 });
    expect(await environment.condition('bounds', 'LagKnown')).toMatchObject({ status: 'False' });
    expect(await environment.condition('bounds', 'Ready')).toMatchObject({ status: 'False', reason: 'LagUnknown' });
  });
  const { items } = await environment.get('events');
  const reasons = items
    .filter(({ involvedObject }: any) => involvedObject.name === 'bounds')
    .map(({ reason }: any) => reason);
  expect(reasons).toEqual(expect.arrayContaining(['ScaledUp', 'ScaledDown']));
});

test('an unknown lag changes nothing until the fallback applies', async () => {
  await environment.addTarget('fallback', 1);
  await environment.addScaler('fallback', { fallback: { afterFailures: 5, behavior: 'AtLeast', replicas: 3 } });
  await eventually(async () => {
    expect((await environment.get(kind, 'fallback')).status?.lastDecision).toMatchObject({
      action: 'Hold',
      reason: 'LagUnknown',
    });
  });
  expect(await environment.replicas('fallback')).toBe(1);
  await environment.untilReplicas('fallback', 3);
  expect(await environment.condition('fallback', 'FallbackActive')).toMatchObject({
    status: 'True',
    reason: 'AtLeast',
  });
});

test('Observe reports the decision, Paused does nothing, and Auto scales', async () => {
  await environment.addTarget('modes');
  await environment.addScaler('modes', { minReplicas: 2, mode: 'Observe' });
  await eventually(async () => {
    const { status } = await environment.get(kind, 'modes');
    expect(status?.lastDecision).toMatchObject({ action: 'ScaleUp', from: 0, to: 2, applied: false });
  });
  await environment.setSpec('modes', { mode: 'Paused' });
  await eventually(async () => {
    expect((await environment.get(kind, 'modes')).status?.lastDecision).toMatchObject({
      action: 'Hold',
      reason: 'Paused',
    });
  });
  expect(await environment.replicas('modes')).toBe(0);
  await environment.setSpec('modes', { mode: 'Auto' });
  await environment.untilReplicas('modes', 2, 5_000);
});

test('a target of another autoscaler is not scaled until that is deleted', async () => {
  await environment.addTarget('shared', 1);
  await environment.apply({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'rival' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shared' }, maxReplicas: 1 },
  });
  await environment.addScaler('shared', { minReplicas: 3 });
  await eventually(async () => {
    expect(await environment.condition('shared', 'Conflict')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('HorizontalPodAutoscaler rival'),
    });
  });
  expect(await environment.replicas('shared')).toBe(1);
  await environment.kubectl('delete', 'hpa', 'rival');
  await environment.untilReplicas('shared', 3, 10_000);
  expect(await environment.condition('shared', 'Conflict')).toMatchObject({ status: 'False' });
});

test('of two resources with one target the older one scales it', async () => {
  await environment.addTarget('twice');
  await environment.addScaler('twice', { minReplicas: 1 });
  await environment.untilReplicas('twice', 1);
  await environment.addScaler('twice-b', { targetRef: { name: 'twice' }, minReplicas: 5 });
  await eventually(async () => {
    expect(await environment.condition('twice-b', 'Conflict')).toMatchObject({ status: 'True' });
  });
  expect(await environment.replicas('twice')).toBe(1);
  await environment.kubectl('delete', kind, 'twice');
  await environment.untilReplicas('twice', 5, 10_000);
});

test('the replicas of a deleted resource are restored or kept, as onDelete says', async () => {
  for (const [name, onDelete] of [
    ['restored', 'Restore'],
    ['kept', 'Keep'],
  ] as const) {
    await environment.addTarget(name, 1);
    await environment.addScaler(name, { minReplicas: 4, onDelete });
    await environment.untilReplicas(name, 4);
    await environment.kubectl('delete', kind, name, '--timeout=20s');
  }
  expect(await environment.replicas('restored')).toBe(1);
  expect(await environment.replicas('kept')).toBe(4);
});

test('a resource without its target is not ready until the target is created', async () => {
  await environment.addScaler('late', { minReplicas: 2 });
  await eventually(async () => {
    expect(await environment.condition('late', 'Ready')).toMatchObject({ status: 'False', reason: 'TargetNotFound' });
  });
  await environment.addTarget('late');
  await environment.untilReplicas('late', 2, 10_000);
});

test('the rights are sufficient, and no others are granted', async () => {
  const canI = async (...action: readonly string[]) =>
    (
      await environment
        .kubectl('auth', 'can-i', ...action, `--as=system:serviceaccount:${environment.namespace}:consumer-scaler`)
        .catch((error: Error) => (error.message.includes('no') ? 'no' : error.message))
    ).trim();
  expect(await canI('patch', 'deployments', '--subresource=scale')).toBe('yes');
  for (const action of [
    ['patch', 'deployments'],
    ['update', 'deployments', '--subresource=scale'],
    ['delete', kind],
    ['get', 'secrets'],
    ['list', 'pods'],
    ['get', 'leases/another'],
    ['list', 'deployments', '--all-namespaces'],
  ]) {
    expect([action.join(' '), await canI(...action)]).toEqual([action.join(' '), 'no']);
  }
  // No reconciliation failed for lack of a right.
  expect(operator.log()).not.toContain('forbidden');
});

test('all requests share a few connections', async () => {
  const before = { connections: environment.proxy.connections(), requests: environment.proxy.requests() };
  await eventually(() => expect(environment.proxy.requests() - before.requests).toBeGreaterThan(30), 90_000);
  expect(environment.proxy.connections() - before.connections).toBeLessThan(10);
});
