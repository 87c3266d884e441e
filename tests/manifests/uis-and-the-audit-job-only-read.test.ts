/** What people and their tools run beside the services: UIs in kind, the auditor, MongoDB's tools. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { pipelineSettings } from '@order-pipeline/service';
import { readConfig } from '@order-pipeline/runtime';
import { parse } from 'yaml';
import { z } from 'zod';
import { kubeTool } from '../support/kube-tools.ts';
import { objectsOf, only, renderOverlay, repository, type KubeObject } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: kustomize is built

let kind: readonly KubeObject[];
beforeAll(async () => {
  await kubeTool('kustomize');
  kind = objectsOf(await renderOverlay('kind'));
}, setUpLimitMs);

interface Variable {
  readonly name: string;
  readonly value?: string;
}
const podOf = (name: string) => only(kind, 'Deployment', name)['spec'].template.spec;
const environmentOf = ({ env }: { env: readonly Variable[] }): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'from-elsewhere']));
const inRepository = (file: string): string => readFileSync(join(repository, file), 'utf8');

describe('Kafdrop', () => {
  /** The variables that its image documents (README of obsidiandynamics/kafdrop, "Environment Variables"). */
  const documented = [
    'KAFKA_BROKERCONNECT',
    'KAFKA_PROPERTIES',
    'KAFKA_TRUSTSTORE',
    'KAFKA_KEYSTORE',
    'SERVER_SERVLET_CONTEXTPATH',
    'SERVER_PORT',
    'SCHEMAREGISTRY_CONNECT',
    'CMD_ARGS',
    'JVM_OPTS',
    'JMX_PORT',
    'HOST',
    'KAFKA_PROPERTIES_FILE',
    'KAFKA_TRUSTSTORE_FILE',
    'KAFKA_KEYSTORE_FILE',
  ];

  test('is 4.2.0, with settings that its image documents', () => {
    const [container] = podOf('kafdrop').containers;
    expect(container.image).toBe('obsidiandynamics/kafdrop:4.2.0');
    expect(Object.keys(environmentOf(container)).filter((name) => !documented.includes(name))).toEqual([]);
  });

  test('finds Kafka, and its properties where they are mounted, in a file that its start script cannot remove', () => {
    const { containers, volumes } = podOf('kafdrop');
    const env = environmentOf(containers[0]);
    const kafka = only(kind, 'Kafka');
    expect(env['KAFKA_BROKERCONNECT']).toBe(
      `${kafka.metadata['name']}-kafka-bootstrap:${kafka['spec'].kafka.listeners[0].port}`,
    );
    const mount = containers[0].volumeMounts.find((each: { mountPath: string }) =>
      each.mountPath.endsWith('kafka.properties'),
    );
    expect(mount).toMatchObject({ mountPath: env['KAFKA_PROPERTIES_FILE'], subPath: 'kafka.properties' });
    const properties: string = only(kind, 'ConfigMap', 'kafdrop')['data']['kafka.properties'];
    for (const [, path] of properties.matchAll(/[:=](\/etc\/[^:\n]+)/g)) {
      expect(containers[0].volumeMounts.some((each: { mountPath: string }) => path!.startsWith(each.mountPath))).toBe(
        true,
      );
    }
    expect(volumes.map((each: { secret?: { secretName: string } }) => each.secret?.secretName)).toEqual(
      expect.arrayContaining(['kafdrop', `${kafka.metadata['name']}-cluster-ca-cert`]),
    );
  });

  test('can create and delete no topic, because its page does not offer it and its user may not', () => {
    const { CMD_ARGS } = environmentOf(podOf('kafdrop').containers[0]);
    expect(CMD_ARGS).toBe('--topic.createEnabled=false --topic.deleteEnabled=false');
    const acls: { operations: string[] }[] = only(kind, 'KafkaUser', 'kafdrop')['spec'].authorization.acls;
    const allowed = new Set(acls.flatMap(({ operations }) => operations));
    expect([...allowed].filter((operation) => !['Read', 'Describe', 'DescribeConfigs'].includes(operation))).toEqual(
      [],
    );
  });
});

describe('Mongo Express', () => {
  test('reads the databases, and neither its page nor its user can write', () => {
    const env = environmentOf(podOf('mongo-express').containers[0]);
    expect(env).toMatchObject({ ME_CONFIG_OPTIONS_READONLY: 'true', ME_CONFIG_OPTIONS_NO_DELETE: 'true' });
    const { security, users } = only(kind, 'MongoDBCommunity')['spec'];
    const { roles } = users.find(({ name }: { name: string }) => name === 'mongo-express');
    expect(new Set(roles.map(({ name }: { name: string }) => name))).toEqual(new Set(['read', 'serverStatus']));
    const { privileges } = security.roles.find(({ role }: { role: string }) => role === 'serverStatus');
    expect(privileges[0].actions).toEqual(['serverStatus']);
  });
});

test('both UIs have as long to become ready as the operators may take with their Secrets', () => {
  for (const name of ['kafdrop', 'mongo-express']) {
    expect(only(kind, 'Deployment', name)['spec'].progressDeadlineSeconds).toBe(900);
  }
});

test("the auditor's job sets only what the tools' configuration accepts", () => {
  const [container] = parse(inRepository('k8s/jobs/audit.yaml')).spec.template.spec.containers;
  const env = environmentOf(container);
  expect(Object.keys(env).filter((name) => !(name in pipelineSettings))).toEqual([]);
  expect(readConfig(z.object(pipelineSettings), env)).toMatchObject({
    KAFKA_USERNAME: 'tools',
    KAFKA_PASSWORD_FILE: '/etc/order-pipeline/kafka-user/password',
    MONGODB_URI_FILE: '/etc/order-pipeline/mongodb/uri',
  });
});

describe('a back-up', () => {
  interface User {
    readonly name: string;
    readonly roles: readonly { readonly name: string; readonly db: string }[];
    readonly connectionStringSecretName: string;
  }
  const { spec: pod } = parse(inRepository('k8s/jobs/mongodb-tools.yaml'));
  const secretOf = (variable: string): string =>
    pod.containers[0].env.find(({ name }: Variable) => name === variable).valueFrom.secretKeyRef.name;

  test('is made by a user who may only do that, from a pod that knows its password', () => {
    const user = (only(kind, 'MongoDBCommunity')['spec'].users as User[]).find(({ name }) => name === 'backup')!;
    expect(user.roles).toEqual([{ name: 'backup', db: 'admin' }]);
    expect(secretOf('BACKUP_PASSWORD')).toBe(user.connectionStringSecretName);
  });

  test('is restored by a user who is there only while it is needed', () => {
    const patch = parse(inRepository('k8s/restore/mongodb-user.yaml')) as { path: string; value: unknown }[];
    const [role, user] = patch.map(({ value }) => value) as [{ role: string }, User];
    expect(patch.map(({ path }) => path)).toEqual(['/spec/security/roles/-', '/spec/users/-']);
    expect(user.roles.map(({ name }) => name)).toEqual(['restore', role.role]);
    expect(secretOf('RESTORE_PASSWORD')).toBe(user.connectionStringSecretName);
    expect(JSON.stringify(kind)).not.toContain(user.connectionStringSecretName);
  });
});
