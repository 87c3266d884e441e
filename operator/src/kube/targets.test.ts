import { describe, expect, test } from '@jest/globals';
import type { ConsumerScaler } from './custom-resource.ts';
import { conflictOf, isRollingOut, scalePath, type OtherScaler, type Workload } from './targets.ts';

const workload = (status: Workload['status'], generation = 3): Workload => ({
  metadata: { name: 'web', namespace: 'shop', generation },
  spec: { replicas: 4 },
  ...(status === undefined ? {} : { status: { observedGeneration: 3, ...status } }),
});

describe('a rollout is in progress', () => {
  test.each([
    ['while old and new pods exist side by side', workload({ replicas: 5, updatedReplicas: 2 }), true],
    ['before its controller has observed the change', workload({ replicas: 4, updatedReplicas: 4 }, 4), true],
    ['not when all pods are new', workload({ replicas: 4, updatedReplicas: 4 }), false],
    ['not while further pods of the same version start', workload({ replicas: 1, updatedReplicas: 1 }), false],
    [
      'in a StatefulSet, while some pods have the former revision',
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
const none = { horizontalPodAutoscalers: [], scaledObjects: [], consumerScalers: [] };
const mine = scaler('mine', '2026-01-02T00:00:00Z');

describe('another autoscaler owns the target', () => {
  test.each([
    ['without any other', none, undefined],
    [
      'not this resource but a HorizontalPodAutoscaler',
      { ...none, horizontalPodAutoscalers: [other('h', 'Deployment')] },
      'HorizontalPodAutoscaler h',
    ],
    [
      'not an autoscaler of another kind of target',
      { ...none, horizontalPodAutoscalers: [other('h', 'StatefulSet')] },
      undefined,
    ],
    [
      'not an autoscaler in another namespace',
      { ...none, horizontalPodAutoscalers: [other('h', 'Deployment', 'x')] },
      undefined,
    ],
    [
      'a ScaledObject, whose kind is Deployment by default, before the autoscaler that it created',
      { ...none, scaledObjects: [other('s', undefined)], horizontalPodAutoscalers: [other('keda-s', 'Deployment')] },
      'ScaledObject s',
    ],
    ['not the resource itself', { ...none, consumerScalers: [mine] }, undefined],
    [
      'an older ConsumerScaler',
      { ...none, consumerScalers: [scaler('old', '2026-01-01T00:00:00Z')] },
      'ConsumerScaler old',
    ],
    ['not a younger ConsumerScaler', { ...none, consumerScalers: [scaler('new', '2026-01-03T00:00:00Z')] }, undefined],
    [
      'of two equally old ones the first by name',
      { ...none, consumerScalers: [scaler('a', '2026-01-02T00:00:00Z')] },
      'ConsumerScaler a',
    ],
  ])('%s', (_, others, expected) => expect(conflictOf(mine, others)).toBe(expected));
});

test('the path of /scale is that of the kind, and an invalid name is rejected', () => {
  for (const name of ['../../kube-system/deployments/coredns', '%2e%2e', '..', 'web?x', 'web#x', '']) {
    expect(() => scalePath('shop', { kind: 'Deployment', name })).toThrow('is not a valid name');
  }
  expect(scalePath('shop', { kind: 'StatefulSet', name: 'db' })).toBe(
    '/apis/apps/v1/namespaces/shop/statefulsets/db/scale',
  );
});
