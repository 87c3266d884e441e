import { describe, expect, test } from '@jest/globals';
import type { ConsumerScaler, StoredStatus } from './custom-resource.ts';
import { condition, isSignificant, statusPatch, storedStatus } from './resource-status.ts';

const resource = (status?: StoredStatus): ConsumerScaler => ({
  metadata: { name: 'web', namespace: 'shop', uid: 'u', generation: 2 },
  spec: {
    targetRef: { kind: 'Deployment', name: 'web' },
    consumerGroup: 'g',
    topics: ['t'],
    kafka: { bootstrapServers: 'k:1' },
  },
  ...(status === undefined ? {} : { status }),
});
const at = (seconds: number) => seconds * 1_000;
const ready = (status: 'True' | 'False', message = '') => condition('Ready', status, 'Because', message);

describe('a stored status', () => {
  test('keeps the time of the last transition of a condition', () => {
    const first = storedStatus(resource(), undefined, [ready('True')], false, at(100));
    const same = storedStatus(resource(first), undefined, [ready('True', 'another message')], false, at(200));
    const turned = storedStatus(resource(same), undefined, [ready('False')], false, at(300));
    expect([first, same, turned].map(({ conditions }) => conditions![0]!.lastTransitionTime)).toEqual([
      '1970-01-01T00:01:40Z',
      '1970-01-01T00:01:40Z',
      '1970-01-01T00:05:00Z',
    ]);
    expect(turned.conditions![0]).toMatchObject({ observedGeneration: 2 });
  });

  test('loses a number that is no longer known', () => {
    const before: StoredStatus = { replicas: 3, arrivalPerSecond: 5 };
    expect(statusPatch(before, { replicas: 3 })).toEqual({ status: { arrivalPerSecond: null, replicas: 3 } });
  });

  test('keeps the original replicas, which a decision does not know', () => {
    const before = { replicas: 3, originalReplicas: 1 };
    expect(statusPatch(before, { replicas: 4 })).toEqual({ status: { replicas: 4 } });
  });

  test('changes significantly with the replicas, the reason or a condition, and not with measured numbers', () => {
    const before: StoredStatus = { replicas: 3, arrivalPerSecond: 5, conditions: [] };
    expect(isSignificant(undefined, before)).toBe(true);
    expect(isSignificant(before, { ...before, arrivalPerSecond: 6 })).toBe(false);
    expect(isSignificant(before, { ...before, replicas: 4 })).toBe(true);
    expect(isSignificant(before, storedStatus(resource(before), undefined, [ready('True')], false, 0))).toBe(true);
  });
});
