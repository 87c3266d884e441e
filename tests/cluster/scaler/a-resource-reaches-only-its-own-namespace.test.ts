/**
 * An author who may only write ConsumerScalers of one namespace, against an operator that serves all of them. Resources are
 * written under a CRD without patterns, as in 0.1.0: the operator itself must reject what the CRD rejects today.
 */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { repository } from '../../manifests/render.ts';
import { eventually } from '../../support/eventually.ts';
import { run } from '../support/kubectl.ts';
import {
  applyScalerCrd,
  createEnvironment,
  deployment,
  kind,
  type Operator,
  type TestEnvironment,
} from './operator-environment.ts';

jest.setTimeout(120_000);
const victim = 'scaler-victim';
const secretName = 'scaler-login';
const originalReplicasAnnotation = 'scaling.orderpipeline.dev/original-replicas';
const finalizers = ['scaling.orderpipeline.dev/restore'];
let environment: TestEnvironment;
let operator: Operator;
let broker: Server;
let connections = 0;
let dnsReplicas: number;

beforeAll(async () => {
  environment = await createEnvironment('author', 'scope=cluster', `readableSecrets={${secretName}}`);
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
  operator = await environment.startOperator('of-all-namespaces', { WATCH_NAMESPACE: '' });
});
afterAll(async () => {
  broker?.close();
  await environment?.[Symbol.asyncDispose]();
  await run('kubectl', ['delete', 'namespace', victim, '--wait=false']);
  // In case the attack succeeds: the next tests need it.
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
  const withNames = [targetRef, tls.properties.caSecret, sasl.properties.passwordSecret];
  for (const { properties } of withNames) {
    for (const field of [properties.name, properties.key]) delete field?.pattern;
  }
  await applyTo('default', crd);
}

const replicasIn = async (namespace: string, name: string): Promise<number> =>
  Number(
    await run('kubectl', ['--namespace', namespace, 'get', 'deployment', name, '--output=jsonpath={.spec.replicas}']),
  );
/** The replicas of the targets of the attack. */
const replicas = async () => ({
  coredns: await replicasIn('kube-system', 'coredns'),
  ofVictim: await replicasIn(victim, 'web'),
});
const requestsOf = (pattern: RegExp): string[] => environment.proxy.lastRequests().filter((one) => pattern.test(one));
/** Any write except of its resources and of Events: only writes of /scale are left. */
const writeElsewhere = /^PATCH (?!\/apis\/scaling\.orderpipeline\.dev\/|\/api\/v1\/namespaces\/[^/]+\/events\/)/u;
const untilReady = (name: string, reason: string) =>
  eventually(async () => {
    expect(await environment.condition(name, 'Ready')).toMatchObject({ status: 'False', reason });
  });
const untilLogged = (name: string, line: object) =>
  eventually(() => {
    const lines = operator.log().split('\n').slice(0, -1);
    const resource = `${environment.namespace}/${name}`;
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
    await environment.addScaler('escape', { targetRef: { name }, minReplicas: 3, onDelete: 'Restore' }, restored);
    await untilReady('escape', 'InvalidSpec');
    expect((await environment.condition('escape', 'Ready'))?.message).toBe(
      'No valid name or key: spec.targetRef.name.',
    );
    await environment.kubectl('delete', kind, 'escape', '--timeout=20s');
    expect(await replicas()).toEqual(before);
    expect(requestsOf(writeElsewhere)).toEqual([]);
    await untilLogged('escape', { invalid: [{ field: 'spec.targetRef.name', value: name }] });
    await untilLogged('escape', { msg: expect.stringContaining('no such target was observed') });
  });

  test('that exists only in another namespace is neither scaled nor restored', async () => {
    const before = await replicas();
    await environment.addScaler(
      'foreign',
      { targetRef: { name: 'web' }, minReplicas: 3, onDelete: 'Restore' },
      restored,
    );
    await untilReady('foreign', 'TargetNotFound');
    await environment.kubectl('delete', kind, 'foreign', '--timeout=20s');
    expect(await replicas()).toEqual(before);
    expect(requestsOf(writeElsewhere)).toEqual([]);
  });
});

describe('a Secret', () => {
  const names = [...escapes(`${victim}/secrets/${secretName}`), `${victim}/${secretName}`];
  const path = new RegExp(`/namespaces/${victim}/secrets|/secrets/.*${victim}`, 'u');
  const addTarget = () => environment.addTarget('reader', 1);
  const kafkaOf = (name: string) => ({
    bootstrapServers: `127.0.0.1:${(broker.address() as AddressInfo).port}`,
    sasl: { mechanism: 'plain', username: 'author', passwordSecret: { name } },
  });

  test.each(names)('named %j is not read, and no connection to a broker is opened', async (name) => {
    await addTarget();
    await environment.addScaler('reader', { kafka: kafkaOf(name) });
    await untilReady('reader', 'InvalidSpec');
    await environment.kubectl('delete', kind, 'reader', '--timeout=20s');
    expect([requestsOf(path), connections]).toEqual([[], 0]);
  });

  test('of its own namespace is read if the chart allows it', async () => {
    await addTarget();
    await environment.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName },
      stringData: { password: 'own' },
    });
    await environment.addScaler('reader', { kafka: kafkaOf(secretName) });
    await eventually(() => expect(connections).toBeGreaterThan(0));
    await environment.kubectl('delete', kind, 'reader', '--timeout=20s');
  });
});

describe('the original replicas', () => {
  test('are not those that an author writes into the status', async () => {
    await environment.addTarget('forged', 2);
    await environment.addScaler('forged', { minReplicas: 4, onDelete: 'Restore' });
    await environment.untilReplicas('forged', 4);
    await environment.kubectl('patch', kind, 'forged', '--type=merge', '--patch={"status":{"originalReplicas":0}}');
    const { status, metadata } = await environment.get(kind, 'forged');
    expect([status.originalReplicas, metadata.annotations?.[originalReplicasAnnotation]]).toEqual([2, undefined]);
    await environment.kubectl('annotate', kind, 'forged', `${originalReplicasAnnotation}=0`);
    await environment.kubectl('delete', kind, 'forged', '--timeout=20s');
    expect(await environment.replicas('forged')).toBe(2);
    await untilLogged('forged', { target: 'Deployment/forged', from: 4, to: 2, reason: 'Restored' });
  });

  test('in an annotation of 0.1.0 move into the status at the next change', async () => {
    await environment.addTarget('annotated', 5);
    const annotated = { finalizers, annotations: { [originalReplicasAnnotation]: '3' } };
    await environment.addScaler('annotated', { minReplicas: 6, onDelete: 'Restore' }, annotated);
    await environment.untilReplicas('annotated', 6);
    const { status, metadata } = await environment.get(kind, 'annotated');
    expect([status.originalReplicas, metadata.annotations?.[originalReplicasAnnotation]]).toEqual([3, undefined]);
    await environment.kubectl('delete', kind, 'annotated', '--timeout=20s');
    expect(await environment.replicas('annotated')).toBe(3);
  });
});

test('a resource from before the patterns can be changed and deleted under them', async () => {
  const before = await replicas();
  const targetRef = { name: `../../${victim}/deployments/web` };
  await environment.addScaler('old', { targetRef, onDelete: 'Restore' }, restored);
  await untilReady('old', 'InvalidSpec');
  await applyScalerCrd();
  await eventually(() =>
    expect(environment.addScaler('new', { targetRef })).rejects.toThrow(/spec\.targetRef\.name.*should match/su),
  );
  await environment.setSpec('old', { pollSeconds: 2 });
  await eventually(async () => {
    const { status, metadata } = await environment.get(kind, 'old');
    expect(status.observedGeneration).toBe(metadata.generation);
  });
  await untilReady('old', 'InvalidSpec');
  await environment.kubectl('delete', kind, 'old', '--timeout=20s');
  expect(await replicas()).toEqual(before);
});
