/** The definition of ConsumerScaler, as the API server enforces it. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { defaultSpec } from '../../../operator/src/decide/resource.ts';
import { run } from '../support/kubectl.ts';
import { createWorld, kind, type World } from './operator-environment.ts';

jest.setTimeout(120_000);
let world: World;
beforeAll(async () => void (world = await createWorld('schema')));
afterAll(async () => world?.[Symbol.asyncDispose]());

test('defaults are those that the decision knows', async () => {
  await world.addScaler('plain');
  const { spec } = await world.get(kind, 'plain');
  const { topics: _, ...defaults } = defaultSpec;
  expect({ ...spec, pollSeconds: 10 }).toMatchObject(defaults);
  expect(spec.targetRef.kind).toBe('Deployment');
  expect(spec.onDelete).toBe('Keep');
});

const kafkaWith = (more: object) => ({ kafka: { bootstrapServers: 'k:1', ...more } });
const passwordIn = (passwordSecret: object) => kafkaWith({ sasl: { username: 'u', passwordSecret } });

describe('what makes no sense is refused with its reason', () => {
  const refusals: [string, object, string][] = [
    ['min above max', { minReplicas: 3, maxReplicas: 2 }, 'minReplicas must not be more than maxReplicas'],
    ['sleep without earliest', { minReplicas: 0, offsetReset: 'latest' }, 'minReplicas 0 needs offsetReset earliest'],
    ['a fixed capacity without a number', { capacity: { mode: 'Fixed' } }, 'recordsPerSecond goes with mode Fixed'],
    ['a number without fixed', { capacity: { recordsPerSecond: 5 } }, 'recordsPerSecond goes with mode Fixed'],
    ['a fallback to nothing', { fallback: { behavior: 'Static', replicas: 0 } }, 'needs minReplicas 0'],
    ['a fallback above max', { maxReplicas: 2, fallback: { replicas: 3 } }, 'fallback.replicas must not be more'],
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
    ['a field that there is not', { maxReplica: 3 }, 'unknown field "spec.maxReplica"'],
  ];
  test.each(refusals)('%s', async (_, spec, reason) => {
    const resource = (await import('./operator-environment.ts')).consumerScaler('bad', spec);
    const args = ['--namespace', world.namespace, 'create', '--validate=strict', '--filename', '-'];
    await expect(run('kubectl', args, JSON.stringify(resource))).rejects.toThrow(reason);
  });

  test('another target for the same resource', async () => {
    await world.addScaler('settled');
    await expect(world.setSpec('settled', { targetRef: { name: 'other' } })).rejects.toThrow('targetRef cannot change');
  });
});

test('every field is explained', async () => {
  const explained = await run('kubectl', ['explain', 'consumerscaler.spec', '--recursive=false']);
  expect(explained).not.toContain('<no description>');
  expect(explained).toContain('A group at zero replicas sleeps');
});
