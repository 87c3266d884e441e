import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { everyService, topics, type ServiceEntry } from '@order-pipeline/events';
import { readConfig } from '@order-pipeline/runtime';
import { allocatorSettings, nodeFlags } from '../../dev/service-replica.ts';
import { settingsOf } from '../../generate/repository.ts';
import { renderAll, type Rendered } from './all-manifests.ts';
import { charted, only, type KubeObject } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: tools are built

let everything: Rendered[];
beforeAll(async () => {
  everything = await renderAll();
}, setUpLimitMs);

const objectsIn = (what: string): readonly KubeObject[] => everything.find((each) => each.what === what)!.objects;
const umbrella = (): readonly KubeObject[] => objectsIn('chart order-pipeline, default');
const containerOf = (objects: readonly KubeObject[], name: string) =>
  only(objects, 'Deployment', name)['spec'].template.spec.containers[0];

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** The environment as the kubelet would make it; what comes from elsewhere is some text of the length of a token. */
const environmentOf = (env: readonly Variable[]): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, valueFrom ? 'from-some-other-place' : value!]));

/** The dashboard looks at every group and its dead letters, and redrives those. */
const rightsToWatch = [
  'Describe+Read+Write topic * literal',
  'Describe group * literal',
  'Read group dashboard- prefix',
];

test('the images start node as npm start does', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const [, entry] = /^ENTRYPOINT (\["\/nodejs\/bin\/node".*\])$/m.exec(dockerfile) ?? [];
  expect(JSON.parse(entry ?? '[]')).toEqual(['/nodejs/bin/node', ...nodeFlags]);
  for (const [name, value] of Object.entries(allocatorSettings))
    expect(dockerfile).toContain(`\nENV ${name}=${value}\n`);
});

test('every service has a chart', () => {
  expect(charted.map(({ name }) => name)).toEqual(Object.keys(everyService));
});

describe.each(charted.map((entry) => [entry.name, entry] as const))('the chart %s', (name, entry: ServiceEntry) => {
  const rendered = () => everything.filter(({ what }) => what.startsWith(`chart ${name},`));

  test('listens where the registry says', () => {
    for (const { objects } of rendered()) {
      expect(containerOf(objects, name).ports).toEqual([{ name: 'http', containerPort: entry.port, protocol: 'TCP' }]);
      expect(only(objects, 'Service', name)['spec'].ports[0]).toMatchObject({ port: entry.port, targetPort: 'http' });
      expect(environmentOf(containerOf(objects, name).env)['PORT']).toBe(String(entry.port));
    }
  });

  test("sets only what the service's own configuration knows, to what it takes", async () => {
    const settings = await settingsOf(name);
    for (const { objects } of rendered()) {
      const env = environmentOf(containerOf(objects, name).env);
      expect(Object.keys(env).filter((variable) => !(variable in settings.shape))).toEqual([]);
      expect(readConfig(settings, env)).toMatchObject({
        KAFKA_USERNAME: entry.consumerGroup,
        KAFKA_PASSWORD_FILE: '/etc/order-pipeline/kafka-user/password',
        MONGODB_URI_FILE: '/etc/order-pipeline/mongodb/uri',
        KAFKA_TLS: true,
      });
    }
  });

  test('mounts each file that a setting names', () => {
    for (const { objects } of rendered()) {
      const { env, volumeMounts } = containerOf(objects, name);
      const paths = Object.entries(environmentOf(env)).flatMap(([variable, value]) =>
        variable.endsWith('_FILE') ? [value] : [],
      );
      const mounts = (volumeMounts as { mountPath: string }[]).map(({ mountPath }) => mountPath);
      expect(paths.filter((path) => !mounts.some((mount) => path === mount || path.startsWith(`${mount}/`)))).toEqual(
        [],
      );
    }
  });

  test('gives its Kafka user the rights that the registry asks for, and no more', () => {
    const user = only(umbrella(), 'KafkaUser', entry.consumerGroup);
    const rights = (user['spec'].authorization.acls as Acl[]).map(
      ({ resource, operations }) => `${operations.join('+')} ${resource.type} ${resource.name} ${resource.patternType}`,
    );
    const consuming = entry.consumes.length > 0;
    expect(rights.toSorted()).toEqual(
      [
        ...entry.consumes.map((topic) => `Read+Describe topic ${topic} literal`),
        ...entry.produces.map((topic) => `Write+Describe topic ${topic} literal`),
        ...(consuming ? [`Read group ${entry.consumerGroup} literal`] : []),
        ...(consuming ? [`Write+Describe topic ${entry.consumerGroup}.dlq literal`] : []),
        ...(name === 'dashboard' ? rightsToWatch : []),
      ].toSorted(),
    );
  });
});

interface Acl {
  readonly resource: { readonly type: string; readonly name: string; readonly patternType: string };
  readonly operations: readonly string[];
}

describe('the charts together', () => {
  test("create the registry's topics, with their partitions and settings", () => {
    const owned = charted.flatMap(({ produces, consumerGroup, consumes }) => [
      ...produces,
      ...(consumes.length > 0 ? [`${consumerGroup}.dlq`, `${consumerGroup}.dlq.resolved`] : []),
    ]);
    const created = umbrella()
      .filter(({ kind }) => kind === 'KafkaTopic')
      .map(({ spec }) => ({ name: spec['topicName'], partitions: spec['partitions'], config: spec['config'] }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(created.toSorted(byName)).toEqual(topics.filter(({ name }) => owned.includes(name)).toSorted(byName));
  });

  test('name topics as Kubernetes can, and keep them when a release goes', () => {
    for (const { kind, metadata } of umbrella()) {
      if (kind !== 'KafkaTopic') continue;
      expect(metadata['name']).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(metadata['annotations']).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  test('make one release of every service that has a chart, and of what scales them', () => {
    const deployments = umbrella().filter(({ kind }) => kind === 'Deployment');
    expect(new Set(deployments.map(({ metadata }) => metadata['name']))).toEqual(
      new Set([...charted.map(({ name }) => name), 'consumer-scaler']),
    );
  });
});

describe.each(['kind', 'production'])('the overlay %s', (overlay) => {
  const platform = (kind: string): KubeObject[] =>
    objectsIn(`overlay ${overlay}`).filter((object) => object.kind === kind);

  test('makes every Secret that the services mount, with the keys that they read', () => {
    const kafka = platform('Kafka')[0]!;
    const made = new Map<string, readonly string[]>([
      [`${kafka.metadata['name']}-cluster-ca-cert`, ['ca.crt']],
      ...[...platform('KafkaUser'), ...umbrella().filter(({ kind }) => kind === 'KafkaUser')].map(
        ({ metadata }) => [metadata['name'], ['password', 'sasl.jaas.config']] as const,
      ),
      ...platform('MongoDBCommunity').flatMap(({ spec }) =>
        (spec['users'] as { connectionStringSecretName: string }[]).map(
          (user) =>
            [user.connectionStringSecretName, ['connectionString.standard', 'connectionString.standardSrv']] as const,
        ),
      ),
      ...platform('Certificate').map(({ spec }) => [spec['secretName'], ['ca.crt', 'tls.crt', 'tls.key']] as const),
    ]);
    for (const { name } of charted) {
      const { volumes } = only(umbrella(), 'Deployment', name)['spec'].template.spec;
      for (const { secret } of volumes as { secret?: { secretName: string; items?: { key: string }[] } }[]) {
        if (secret === undefined) continue;
        const keys = made.get(secret.secretName) ?? [];
        expect({ secret: secret.secretName, keys }).toEqual({
          secret: secret.secretName,
          keys: expect.arrayContaining((secret.items ?? [{ key: 'ca.crt' }]).map(({ key }) => key)),
        });
      }
    }
  });

  test("gives each service's MongoDB user its own database, and the simulated gateway's to the payment service", () => {
    const users = platform('MongoDBCommunity')[0]!['spec'].users as {
      name: string;
      roles: { name: string; db: string }[];
    }[];
    for (const { name, database } of charted) {
      const roles = users.find((user) => user.name === name)!.roles.map((role) => `${role.name} ${role.db}`);
      const own = [`readWrite ${database}`, ...(name === 'payment' ? ['readWrite gateway_db'] : [])];
      expect({ name, roles }).toEqual({ name, roles: own });
    }
    const others = users.filter((user) => !charted.some(({ name }) => name === user.name));
    expect(others.flatMap(({ roles }) => roles).filter((role) => /write|admin|any/i.test(role.name))).toEqual([]);
  });

  test('lets the services in where they knock: listener, address, labels', () => {
    const kafka = platform('Kafka')[0]!;
    const [listener] = kafka['spec'].kafka.listeners;
    const mongodb = platform('MongoDBCommunity')[0]!.metadata['name'];
    expect(listener).toMatchObject({ tls: true, authentication: { type: 'scram-sha-512' } });
    expect(kafka['spec'].kafka.authorization).toEqual({ type: 'simple' });
    for (const { name } of charted) {
      const { metadata, spec } = only(umbrella(), 'Deployment', name)['spec'].template;
      const env = environmentOf(spec.containers[0].env);
      expect(env['KAFKA_BOOTSTRAP_SERVERS']).toBe(`${kafka.metadata['name']}-kafka-bootstrap:${listener.port}`);
      expect(metadata.labels).toMatchObject(listener.networkPolicyPeers[0].podSelector.matchLabels);
      const ingress = platform('NetworkPolicy').find(({ metadata }) => metadata['name'] === 'mongodb')!['spec'];
      expect(ingress.podSelector.matchLabels).toEqual({ app: `${mongodb}-svc` });
      expect(metadata.labels).toMatchObject(ingress.ingress[0].from[0].podSelector.matchLabels);
    }
  });

  test('keeps as many copies as it has brokers for', () => {
    const { config } = platform('Kafka')[0]!['spec'].kafka;
    const brokers = platform('KafkaNodePool')
      .filter(({ spec }) => spec['roles'].includes('broker'))
      .reduce((sum, { spec }) => sum + spec['replicas'], 0);
    const copies = overlay === 'production' ? 3 : 1;
    expect(brokers).toBe(copies);
    expect(config).toMatchObject({
      'auto.create.topics.enable': false,
      'default.replication.factor': copies,
      'offsets.topic.replication.factor': copies,
      'min.insync.replicas': Math.max(1, copies - 1),
    });
    expect(platform('MongoDBCommunity')[0]!['spec'].members).toBe(copies);
  });

  test('has UIs and documented passwords in kind only', () => {
    const open = objectsIn(`overlay ${overlay}`).filter(({ kind }) => kind === 'Secret' || kind === 'Deployment');
    expect(open.length > 0).toBe(overlay === 'kind');
    expect(platform('Service').filter(({ spec }) => spec['type'] !== 'ClusterIP')).toEqual([]);
  });
});
