/**
 * An author who may only write ConsumerScalers of one namespace, against an operator that serves all of them. Resources are
 * written under a CRD without patterns, as 0.1.0 has it: the operator itself must refuse what the CRD refuses today.
 */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { repository } from '../../manifests/render.ts';
import { eventually } from '../../support/eventually.ts';
import { run } from '../support/kubectl.ts';
import { applyScalerCrd, createWorld, deployment, kind, type Operator, type World } from './operator-environment.ts';

jest.setTimeout(120_000);
const victim = 'scaler-victim';
const secretName = 'scaler-login';
const originalReplicasAnnotation = 'scaling.orderpipeline.dev/original-replicas';
const finalizers = ['scaling.orderpipeline.dev/restore'];
let world: World;
let operator: Operator;
let broker: Server;
let connections = 0;
let dnsReplicas: number;

beforeAll(async () => {
  world = await createWorld('author', 'scope=cluster', `readableSecrets={${secretName}}`);
  dnsReplicas = await replicasIn('kube-system', 'coredns');
  await run('kubectl', ['delete', 'namespace', victim, '--ignore-not-found', '--wait']);
  await run('kubectl', ['create', 'namespace', victim]);
  await applyTo(victim, deployment('web', 2), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName },
    stringData: { password: 'of-another-tenant' },
  });
  broker = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  await applyCrdWithoutPatterns();
  operator = await world.startOperator('of-all-namespaces', { WATCH_NAMESPACE: '' });
});
afterAll(async () => {
  broker?.close();
  await world?.[Symbol.asyncDispose]();
  await run('kubectl', ['delete', 'namespace', victim, '--wait=false']);
  // In case the attack succeeds: the tests after this one need it.
  await run('kubectl', ['--namespace', 'kube-system', 'scale', 'deployment/coredns', `--replicas=${dnsReplicas}`]);
  await applyScalerCrd();
});

const applyTo = (namespace: string, ...items: readonly object[]): Promise<string> =>
  run(
    'kubectl',
    ['--namespace', namespace, 'apply', '--server-side', '--force-conflicts', '--filename', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );

async function applyCrdWithoutPatterns(): Promise<void> {
  const crd = parse(readFileSync(join(repository, 'helm/consumer-scaler/crds/consumerscalers.yaml'), 'utf8'));
  const { targetRef, kafka } = crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties;
  const { tls, sasl } = kafka.properties;
  const named = [targetRef, tls.properties.caSecret, sasl.properties.passwordSecret];
  for (const { properties } of named) {
    for (const field of [properties.name, properties.key]) delete field?.pattern;
  }
  await applyTo('default', crd);
}

const replicasIn = async (namespace: string, name: string): Promise<number> =>
  Number(
    await run('kubectl', ['--namespace', namespace, 'get', 'deployment', name, '--output=jsonpath={.spec.replicas}']),
  );
/** Of all that could be reached. */
const replicas = async () => ({
  coredns: await replicasIn('kube-system', 'coredns'),
  ofVictim: await replicasIn(victim, 'web'),
});
const requestsOf = (pattern: RegExp): string[] => world.proxy.lastRequests().filter((one) => pattern.test(one));
/** The operator writes its resources, Events about them, and /scale. */
const writeElsewhere = /^PATCH (?!\/apis\/scaling\.orderpipeline\.dev\/|\/api\/v1\/namespaces\/[^/]+\/events\/)/u;
const untilReady = (name: string, reason: string) =>
  eventually(async () => {
    expect(await world.condition(name, 'Ready')).toMatchObject({ status: 'False', reason });
  });
const untilLogged = (name: string, line: object) =>
  eventually(() => {
    const lines = operator.log().split('\n').slice(0, -1);
    const resource = `${world.namespace}/${name}`;
    expect(lines.map((one) => JSON.parse(one))).toContainEqual(expect.objectContaining({ resource, ...line }));
  });

const escapes = (path: string, subresource = ''): string[] => [
  `../../${path}`,
  `../../${path}${subresource}?x=`,
  `../../${path}${subresource}#`,
  `%2e%2e/%2e%2e/${path}`,
  `..%2f..%2f${path.replaceAll('/', '%2f')}`,
  `./../../${path}`,
];
const restored = { finalizers, annotations: { [originalReplicasAnnotation]: '0' } };

describe('a target', () => {
  const names = ['kube-system/deployments/coredns', `${victim}/deployments/web`].flatMap((path) =>
    escapes(path, '/scale'),
  );
  test.each(names)('named %j is neither scaled nor restored', async (name) => {
    const before = await replicas();
    await world.addScaler('escape', { targetRef: { name }, minReplicas: 3, onDelete: 'Restore' }, restored);
    await untilReady('escape', 'InvalidSpec');
    expect((await world.condition('escape', 'Ready'))?.message).toBe('No valid name or key: spec.targetRef.name.');
    await world.kubectl('delete', kind, 'escape', '--timeout=20s');
    expect(await replicas()).toEqual(before);
    expect(requestsOf(writeElsewhere)).toEqual([]);
    await untilLogged('escape', { invalid: [{ field: 'spec.targetRef.name', value: name }] });
    await untilLogged('escape', { msg: expect.stringContaining('no such target was observed') });
  });

  test('that only another namespace has is neither scaled nor restored', async () => {
    const before = await replicas();
    await world.addScaler('foreign', { targetRef: { name: 'web' }, minReplicas: 3, onDelete: 'Restore' }, restored);
    await untilReady('foreign', 'TargetNotFound');
    await world.kubectl('delete', kind, 'foreign', '--timeout=20s');
    expect(await replicas()).toEqual(before);
    expect(requestsOf(writeElsewhere)).toEqual([]);
  });
});

describe('a Secret', () => {
  const names = [...escapes(`${victim}/secrets/${secretName}`), `${victim}/${secretName}`];
  const path = new RegExp(`/namespaces/${victim}/secrets|/secrets/.*${victim}`, 'u');
  const addTarget = () => world.addTarget('reader', 1);
  const kafkaOf = (name: string) => ({
    bootstrapServers: `127.0.0.1:${(broker.address() as AddressInfo).port}`,
    sasl: { mechanism: 'plain', username: 'author', passwordSecret: { name } },
  });

  test.each(names)('named %j is not read, and no broker hears of it', async (name) => {
    await addTarget();
    await world.addScaler('reader', { kafka: kafkaOf(name) });
    await untilReady('reader', 'InvalidSpec');
    await world.kubectl('delete', kind, 'reader', '--timeout=20s');
    expect([requestsOf(path), connections]).toEqual([[], 0]);
  });

  test('of the own namespace is read, as the chart allows it', async () => {
    await addTarget();
    await world.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName },
      stringData: { password: 'own' },
    });
    await world.addScaler('reader', { kafka: kafkaOf(secretName) });
    await eventually(() => expect(connections).toBeGreaterThan(0));
    await world.kubectl('delete', kind, 'reader', '--timeout=20s');
  });
});

describe('the original replicas', () => {
  test('are not those that an author writes into the status of a resource', async () => {
    await world.addTarget('forged', 2);
    await world.addScaler('forged', { minReplicas: 4, onDelete: 'Restore' });
    await world.untilReplicas('forged', 4);
    await world.kubectl('patch', kind, 'forged', '--type=merge', '--patch={"status":{"originalReplicas":0}}');
    const { status, metadata } = await world.get(kind, 'forged');
    expect([status.originalReplicas, metadata.annotations?.[originalReplicasAnnotation]]).toEqual([2, undefined]);
    await world.kubectl('annotate', kind, 'forged', `${originalReplicasAnnotation}=0`);
    await world.kubectl('delete', kind, 'forged', '--timeout=20s');
    expect(await world.replicas('forged')).toBe(2);
    await untilLogged('forged', { target: 'Deployment/forged', from: 4, to: 2, reason: 'Restored' });
  });

  test('that 0.1.0 has left in an annotation move into status at the next change', async () => {
    await world.addTarget('annotated', 5);
    const left = { finalizers, annotations: { [originalReplicasAnnotation]: '3' } };
    await world.addScaler('annotated', { minReplicas: 6, onDelete: 'Restore' }, left);
    await world.untilReplicas('annotated', 6);
    const { status, metadata } = await world.get(kind, 'annotated');
    expect([status.originalReplicas, metadata.annotations?.[originalReplicasAnnotation]]).toEqual([3, undefined]);
    await world.kubectl('delete', kind, 'annotated', '--timeout=20s');
    expect(await world.replicas('annotated')).toBe(3);
  });
});

test('a resource from before the patterns can be changed and deleted under them', async () => {
  const before = await replicas();
  const targetRef = { name: `../../${victim}/deployments/web` };
  await world.addScaler('old', { targetRef, onDelete: 'Restore' }, restored);
  await untilReady('old', 'InvalidSpec');
  await applyScalerCrd();
  await eventually(() =>
    expect(world.addScaler('new', { targetRef })).rejects.toThrow(/spec\.targetRef\.name.*should match/su),
  );
  await world.setSpec('old', { pollSeconds: 2 });
  await eventually(async () => {
    const { status, metadata } = await world.get(kind, 'old');
    expect(status.observedGeneration).toBe(metadata.generation);
  });
  await untilReady('old', 'InvalidSpec');
  await world.kubectl('delete', kind, 'old', '--timeout=20s');
  expect(await replicas()).toEqual(before);
});
