import { describe, expect, test } from '@jest/globals';
import { identityOf, invalidNamesIn, specOf, type ConsumerScaler } from './custom-resource.ts';
import { defaultSpec } from '../decide/resource.ts';

const resource = (): ConsumerScaler => ({
  metadata: { name: 'web', namespace: 'shop', uid: 'u', generation: 2 },
  spec: {
    targetRef: { kind: 'Deployment', name: 'web' },
    consumerGroup: 'g',
    topics: ['t'],
    kafka: { bootstrapServers: 'k:1' },
    objective: { maxAgeSeconds: 5 } as never,
  },
});

describe('the spec', () => {
  test('has the defaults for fields that a resource of an earlier CRD lacks', () => {
    const spec = specOf(resource(), false);
    expect(spec).toMatchObject({
      ...defaultSpec,
      topics: ['t'],
      objective: { ...defaultSpec.objective, maxAgeSeconds: 5 },
    });
  });

  test('has the mode Observe in a conflict, unless it is paused', () => {
    expect(specOf(resource(), true).mode).toBe('Observe');
    const paused = { ...resource(), spec: { ...resource().spec, mode: 'Paused' as const } };
    expect(specOf(paused, true).mode).toBe('Paused');
  });

  test('has another identity with another group or cluster, and the same with other bounds', () => {
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

  test('is valid if Kubernetes accepts it; Secrets are optional', () => {
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
