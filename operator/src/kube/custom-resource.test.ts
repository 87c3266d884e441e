import { describe, expect, test } from '@jest/globals';
import {
  condition,
  identityOf,
  invalidNamesIn,
  isNews,
  specOf,
  statusPatch,
  writtenStatus,
  type ConsumerScaler,
  type WrittenStatus,
} from './custom-resource.ts';
import { defaultSpec } from '../decide/resource.ts';

const resource = (status?: WrittenStatus): ConsumerScaler => ({
  metadata: { name: 'web', namespace: 'shop', uid: 'u', generation: 2 },
  spec: {
    targetRef: { kind: 'Deployment', name: 'web' },
    consumerGroup: 'g',
    topics: ['t'],
    kafka: { bootstrapServers: 'k:1' },
    objective: { maxAgeSeconds: 5 } as never,
  },
  ...(status === undefined ? {} : { status }),
});
const at = (seconds: number) => seconds * 1_000;
const ready = (status: 'True' | 'False', message = '') => condition('Ready', status, 'Because', message);

describe('the spec', () => {
  test('has the defaults for what a resource of an earlier definition does not say', () => {
    const spec = specOf(resource(), false);
    expect(spec).toMatchObject({
      ...defaultSpec,
      topics: ['t'],
      objective: { ...defaultSpec.objective, maxAgeSeconds: 5 },
    });
  });

  test('of a resource in conflict only observes, unless it is paused', () => {
    expect(specOf(resource(), true).mode).toBe('Observe');
    const paused = { ...resource(), spec: { ...resource().spec, mode: 'Paused' as const } };
    expect(specOf(paused, true).mode).toBe('Paused');
  });

  test('that names another group or cluster is about something else; another bound is not', () => {
    const { spec, ...rest } = resource();
    expect(identityOf({ ...rest, spec: { ...spec, consumerGroup: 'h' } })).not.toBe(identityOf(resource()));
    expect(identityOf({ ...rest, spec: { ...spec, maxReplicas: 3 } })).toBe(identityOf(resource()));
  });
});

describe('a name in the spec', () => {
  const specWith = (targetName: string, secretName: string, key: string): ConsumerScaler['spec'] => ({
    ...resource().spec,
    targetRef: { kind: 'Deployment', name: targetName },
    kafka: {
      bootstrapServers: 'k:1',
      tls: { caSecret: { name: secretName, key } },
      sasl: { mechanism: 'plain', username: 'u', passwordSecret: { name: secretName, key } },
    },
  });

  test('is valid where Kubernetes accepts it; Secrets need not be named', () => {
    expect(invalidNamesIn(resource().spec)).toEqual([]);
    expect(invalidNamesIn(specWith('web', 'kafka-ca', 'ca.crt'))).toEqual([]);
  });

  test.each(['../../kube-system/deployments/coredns', '..', '%2e%2e', 'a?b', 'a#b', 'tenant-b/web', 'A', ''])(
    'is invalid when it is %j, with the field and the value',
    (name) => {
      expect(invalidNamesIn(specWith(name, name, 'a/b'))).toEqual([
        { field: 'spec.targetRef.name', value: name },
        { field: 'spec.kafka.tls.caSecret.name', value: name },
        { field: 'spec.kafka.tls.caSecret.key', value: 'a/b' },
        { field: 'spec.kafka.sasl.passwordSecret.name', value: name },
        { field: 'spec.kafka.sasl.passwordSecret.key', value: 'a/b' },
      ]);
    },
  );
});

describe('the status', () => {
  test('says since when a condition holds: since it changed, not since it was looked at', () => {
    const first = writtenStatus(resource(), undefined, [ready('True')], false, at(100));
    const same = writtenStatus(resource(first), undefined, [ready('True', 'in other words')], false, at(200));
    const turned = writtenStatus(resource(same), undefined, [ready('False')], false, at(300));
    expect([first, same, turned].map(({ conditions }) => conditions![0]!.lastTransitionTime)).toEqual([
      '1970-01-01T00:01:40Z',
      '1970-01-01T00:01:40Z',
      '1970-01-01T00:05:00Z',
    ]);
    expect(turned.conditions![0]).toMatchObject({ observedGeneration: 2 });
  });

  test('takes away what is no longer known', () => {
    const before: WrittenStatus = { replicas: 3, arrivalPerSecond: 5 };
    expect(statusPatch(before, { replicas: 3 })).toEqual({ status: { arrivalPerSecond: null, replicas: 3 } });
  });

  test('keeps the original replicas, whatever a reconciliation knows of them', () => {
    const before = { replicas: 3, originalReplicas: 1 };
    expect(statusPatch(before, { replicas: 4 })).toEqual({ status: { replicas: 4 } });
  });

  test('is news when replicas, the reason or a condition change, and not when numbers move', () => {
    const before: WrittenStatus = { replicas: 3, arrivalPerSecond: 5, conditions: [] };
    expect(isNews(undefined, before)).toBe(true);
    expect(isNews(before, { ...before, arrivalPerSecond: 6 })).toBe(false);
    expect(isNews(before, { ...before, replicas: 4 })).toBe(true);
    expect(isNews(before, writtenStatus(resource(before), undefined, [ready('True')], false, 0))).toBe(true);
  });
});
