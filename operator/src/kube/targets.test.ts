import { describe, expect, test } from '@jest/globals';
import type { ConsumerScaler } from './custom-resource.ts';
import { conflictOf, isRollingOut, scalePath, type OtherScaler, type Workload } from './targets.ts';

const workload = (status: Workload['status'], generation = 3): Workload => ({
  metadata: { name: 'web', namespace: 'shop', generation },
  spec: { replicas: 4 },
  ...(status === undefined ? {} : { status: { observedGeneration: 3, ...status } }),
});

describe('a rollout is under way', () => {
  test.each([
    ['while old pods stand beside new ones', workload({ replicas: 5, updatedReplicas: 2 }), true],
    ['before the change was noticed', workload({ replicas: 4, updatedReplicas: 4 }, 4), true],
    ['not when all are new', workload({ replicas: 4, updatedReplicas: 4 }), false],
    ['not while further pods of the same version start', workload({ replicas: 1, updatedReplicas: 1 }), false],
    [
      'in a StatefulSet, while some have the former revision',
      workload({ replicas: 4, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' }),
      true,
    ],
    [
      'not in a StatefulSet of one revision, whatever it counts as updated',
      workload({ replicas: 4, updatedReplicas: 0, currentRevision: 'a', updateRevision: 'a' }),
      false,
    ],
  ])('%s', (_, target, expected) => expect(isRollingOut(target)).toBe(expected));
});

const scaler = (name: string, creationTimestamp: string, namespace = 'shop'): ConsumerScaler => ({
  metadata: { name, namespace, creationTimestamp },
  spec: {
    targetRef: { kind: 'Deployment', name: 'web' },
    consumerGroup: 'g',
    topics: ['t'],
    kafka: { bootstrapServers: 'k:1' },
  },
});
const other = (name: string, kind: string | undefined, namespace = 'shop'): OtherScaler => ({
  metadata: { name, namespace },
  spec: { scaleTargetRef: { name: 'web', ...(kind === undefined ? {} : { kind }) } },
});
const nobody = { horizontalPodAutoscalers: [], scaledObjects: [], consumerScalers: [] };
const mine = scaler('mine', '2026-01-02T00:00:00Z');

describe('somebody else scales the target', () => {
  test.each([
    ['nobody', nobody, undefined],
    ['an autoscaler', { ...nobody, horizontalPodAutoscalers: [other('h', 'Deployment')] }, 'HorizontalPodAutoscaler h'],
    ['one of another kind of target', { ...nobody, horizontalPodAutoscalers: [other('h', 'StatefulSet')] }, undefined],
    ['one in another namespace', { ...nobody, horizontalPodAutoscalers: [other('h', 'Deployment', 'x')] }, undefined],
    [
      'a ScaledObject, whose kind is Deployment by default, before the autoscaler that it made',
      { ...nobody, scaledObjects: [other('s', undefined)], horizontalPodAutoscalers: [other('keda-s', 'Deployment')] },
      'ScaledObject s',
    ],
    ['itself', { ...nobody, consumerScalers: [mine] }, undefined],
    ['an older one', { ...nobody, consumerScalers: [scaler('old', '2026-01-01T00:00:00Z')] }, 'ConsumerScaler old'],
    ['a younger one', { ...nobody, consumerScalers: [scaler('new', '2026-01-03T00:00:00Z')] }, undefined],
    ['one as old, by name', { ...nobody, consumerScalers: [scaler('a', '2026-01-02T00:00:00Z')] }, 'ConsumerScaler a'],
  ])('%s', (_, others, expected) => expect(conflictOf(mine, others)).toBe(expected));
});

test('the subresource of each kind, of no name that leaves its segment', () => {
  for (const name of ['../../kube-system/deployments/coredns', '%2e%2e', '..', 'web?x', 'web#x', '']) {
    expect(() => scalePath('shop', { kind: 'Deployment', name })).toThrow('is not a valid name');
  }
  expect(scalePath('shop', { kind: 'StatefulSet', name: 'db' })).toBe(
    '/apis/apps/v1/namespaces/shop/statefulsets/db/scale',
  );
});
