/** The CRD of ConsumerScaler, as the API server enforces it. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { defaultSpec } from '../../../operator/src/decide/resource.ts';
import { run } from '../support/kubectl.ts';
import { createEnvironment, kind, type TestEnvironment } from './operator-environment.ts';

jest.setTimeout(120_000);
let environment: TestEnvironment;
beforeAll(async () => void (environment = await createEnvironment('schema')));
afterAll(async () => environment?.[Symbol.asyncDispose]());

test('the defaults are those of the decision', async () => {
  await environment.addScaler('plain');
  const { spec } = await environment.get(kind, 'plain');
  const { topics: _, ...defaults } = defaultSpec;
  expect({ ...spec, pollSeconds: 10 }).toMatchObject(defaults);
  expect(spec.targetRef.kind).toBe('Deployment');
  expect(spec.onDelete).toBe('Keep');
});

const kafkaWith = (more: object) => ({ kafka: { bootstrapServers: 'k:1', ...more } });
const passwordIn = (passwordSecret: object) => kafkaWith({ sasl: { username: 'u', passwordSecret } });

describe('an invalid spec is rejected with the reason', () => {
  const refusals: [string, object, string][] = [
    [
      'minReplicas above maxReplicas',
      { minReplicas: 3, maxReplicas: 2 },
      'minReplicas must not be more than maxReplicas',
    ],
    [
      'zero replicas without earliest',
      { minReplicas: 0, offsetReset: 'latest' },
      'minReplicas 0 needs offsetReset earliest',
    ],
    ['a fixed capacity without a number', { capacity: { mode: 'Fixed' } }, 'recordsPerSecond goes with mode Fixed'],
    ['a capacity without mode Fixed', { capacity: { recordsPerSecond: 5 } }, 'recordsPerSecond goes with mode Fixed'],
    ['a fallback to zero replicas', { fallback: { behavior: 'Static', replicas: 0 } }, 'needs minReplicas 0'],
    [
      'a fallback above maxReplicas',
      { maxReplicas: 2, fallback: { replicas: 3 } },
      'fallback.replicas must not be more',
    ],
    ['no topics', { topics: [] }, 'spec.topics'],
    ['the same topic twice', { topics: ['a', 'a'] }, 'Duplicate value'],
    ['a broker without port', { kafka: { bootstrapServers: 'kafka' } }, 'spec.kafka.bootstrapServers'],
    ['another kind of target', { targetRef: { kind: 'DaemonSet', name: 'x' } }, 'spec.targetRef.kind'],
    ['a target of another namespace', { targetRef: { name: 'x', namespace: 'y' } }, 'unknown field'],
    ...['../../kube-system/deployments/coredns', '..', '%2e%2e', 'web?x', 'web#x', 'other/web', 'Web'].flatMap(
      (name): typeof refusals => [
        [`a target named ${name}`, { targetRef: { name } }, 'spec.targetRef.name'],
        [`a CA in the Secret ${name}`, kafkaWith({ tls: { caSecret: { name } } }), 'spec.kafka.tls.caSecret.name'],
        [`a password in the Secret ${name}`, passwordIn({ name }), 'spec.kafka.sasl.passwordSecret.name'],
      ],
    ),
    ['a name that is too long', { targetRef: { name: 'a'.repeat(254) } }, 'spec.targetRef.name'],
    ['a key with a slash', passwordIn({ name: 'a', key: '../a' }), 'spec.kafka.sasl.passwordSecret.key'],
    ['an unknown field', { maxReplica: 3 }, 'unknown field "spec.maxReplica"'],
  ];
  test.each(refusals)('%s', async (_, spec, reason) => {
    const resource = (await import('./operator-environment.ts')).consumerScaler('bad', spec);
    const args = ['--namespace', environment.namespace, 'create', '--validate=strict', '--filename', '-'];
    await expect(run('kubectl', args, JSON.stringify(resource))).rejects.toThrow(reason);
  });

  test('another target of the same resource', async () => {
    await environment.addScaler('settled');
    await expect(environment.setSpec('settled', { targetRef: { name: 'other' } })).rejects.toThrow(
      'targetRef cannot change',
    );
  });
});

test('every field has a description', async () => {
  const explanation = await run('kubectl', ['explain', 'consumerscaler.spec', '--recursive=false']);
  expect(explanation).not.toContain('<no description>');
  expect(explanation).toContain('A group at zero replicas is activated');
});
