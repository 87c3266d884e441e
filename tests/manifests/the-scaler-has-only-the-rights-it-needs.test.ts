/** The operator's rights, wherever Kafka is: what its resources refer to it may read, and nothing else. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { actingServices } from '@order-pipeline/events';
import { kubeTool } from '../support/kube-tools.ts';
import { readConfig } from '@order-pipeline/runtime';
import { settings } from '../../operator/src/config.ts';
import { objectsOf, only, renderChart, scalerProfiles, umbrellaProfiles, type KubeObject } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: helm is built
jest.setTimeout(60_000); // helm is a process for each chart, and the machine may be busy
beforeAll(() => kubeTool('helm'), setUpLimitMs);

const alone = async (profile: string): Promise<KubeObject[]> =>
  objectsOf(await renderChart('consumer-scaler', ...scalerProfiles[profile]!));
const pipeline = async (profile: string): Promise<KubeObject[]> =>
  objectsOf(await renderChart('order-pipeline', ...umbrellaProfiles[profile]!));

interface Rule {
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
const secretsOf = (role: KubeObject): readonly string[] =>
  (role['rules'] as Rule[]).find(({ resources }) => resources.includes('secrets'))?.resourceNames ?? [];
const scalersIn = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.filter(({ kind }) => kind === 'ConsumerScaler');

describe('alone', () => {
  test('sets only what its configuration knows, to what it takes', async () => {
    for (const profile of Object.keys(scalerProfiles)) {
      const { env } = only(await alone(profile), 'Deployment')['spec'].template.spec.containers[0];
      const given = Object.fromEntries(
        (env as { name: string; value?: string }[]).map(({ name, value }) => [name, value ?? 'from-elsewhere']),
      );
      const { NODE_OPTIONS, ...ours } = given;
      expect(NODE_OPTIONS).toMatch(/^--/);
      expect(Object.keys(ours).filter((name) => !(name in settings.shape))).toEqual([]);
      expect(readConfig(settings, ours)).toMatchObject({ PORT: 8080, LEASE_NAMESPACE: 'from-elsewhere' });
    }
  });

  test('serves its namespace by a Role, or all of them by a ClusterRole; the lease is the namespace’s either way', async () => {
    const namespaced = await alone('default');
    expect(namespaced.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
    expect(JSON.stringify(only(namespaced, 'Deployment'))).toContain('WATCH_NAMESPACE');

    const everywhere = await alone('of all namespaces');
    expect(JSON.stringify(only(everywhere, 'Deployment'))).not.toContain('WATCH_NAMESPACE');
    const role = only(everywhere, 'ClusterRole');
    expect(only(everywhere, 'ClusterRoleBinding')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: role.metadata['name'] },
      subjects: [{ kind: 'ServiceAccount', name: 'consumer-scaler', namespace: 'order-pipeline' }],
    });
    expect(role['rules']).toEqual(expect.arrayContaining((only(namespaced, 'Role')['rules'] as Rule[]).slice(2)));
    expect((only(everywhere, 'Role')['rules'] as Rule[]).flatMap(({ resources }) => resources)).toEqual([
      'leases',
      'leases',
    ]);
  });

  test('writes no more than scale, what is its own, and Events', async () => {
    for (const { resources, verbs } of only(await alone('default'), 'Role')['rules'] as Rule[]) {
      if (verbs.every((verb) => ['get', 'list', 'watch'].includes(verb))) continue;
      for (const resource of resources)
        expect(resource).toMatch(/^(consumerscalers|leases|events|\w+\/(scale|status))/);
    }
  });

  test('reads the Secrets that are named, and without a name none', async () => {
    expect(secretsOf(only(await alone('default'), 'Role'))).toEqual([]);
    expect(secretsOf(only(await alone('of all namespaces'), 'ClusterRole'))).toEqual(['scaler-password', 'kafka-ca']);
  });

  test('has a PodMonitor where the values ask for one', async () => {
    const monitor = only(await alone('watched by the Prometheus operator'), 'PodMonitor');
    expect(monitor.metadata['labels']).toMatchObject({ team: 'shop' });
    expect(monitor['spec'].podMetricsEndpoints).toMatchObject([{ port: 'http', path: '/metrics' }]);
  });

  test('may be asked by its helm test, where everything else is closed', async () => {
    const objects = await alone('with Strimzi, in a closed namespace');
    const pod = only(objects, 'Pod', 'consumer-scaler-test');
    const { ingress } = only(objects, 'NetworkPolicy', 'consumer-scaler')['spec'];
    expect(pod.metadata['labels']).toMatchObject(ingress[0].from[0].podSelector.matchLabels);
    const { podSelector } = only(objects, 'NetworkPolicy', 'consumer-scaler-test')['spec'];
    expect(pod.metadata['labels']).toMatchObject(podSelector.matchLabels);
    expect(only(objects, 'Service', 'consumer-scaler')['spec'].ports[0].port).toBe(8080);
  });
});

describe('with the pipeline', () => {
  test.each(['default', 'production', 'engines elsewhere, with authorities of their own'])(
    '(%s) it may read every Secret that the resources refer to',
    async (profile) => {
      const objects = await pipeline(profile);
      const readable = secretsOf(only(objects, 'Role', 'consumer-scaler'));
      expect(scalersIn(objects)).toHaveLength(actingServices.length);
      for (const { spec } of scalersIn(objects)) {
        const { tls, sasl } = spec['kafka'];
        expect(readable).toEqual(expect.arrayContaining([tls.caSecret.name, sasl.passwordSecret.name]));
      }
    },
  );

  test("logs in to the namespace's Kafka as a user who may Describe and nothing else", async () => {
    const objects = await pipeline('default');
    const user = only(objects, 'KafkaUser', 'consumer-scaler');
    const operations = (user['spec'].authorization.acls as { operations: string[] }[]).flatMap((acl) => acl.operations);
    expect(new Set(operations)).toEqual(new Set(['Describe']));
    for (const { spec } of scalersIn(objects)) expect(spec['kafka'].sasl.username).toBe('consumer-scaler');
  });

  test('logs in to a Kafka elsewhere as the user that is named for it, and is let out to it', async () => {
    const objects = await pipeline('engines elsewhere, with authorities of their own');
    expect(objects.filter(({ kind }) => kind === 'KafkaUser')).toEqual([]);
    for (const { spec } of scalersIn(objects)) {
      expect(spec['kafka']).toEqual({
        bootstrapServers: 'b-1.example.com:9096,b-2.example.com:9098',
        tls: { enabled: true, caSecret: { name: 'kafka-ca', key: 'ca.crt' } },
        sasl: {
          mechanism: 'scram-sha-512',
          username: 'looker',
          passwordSecret: { name: 'looker', key: 'password' },
        },
      });
    }
    const { egress } = only(objects, 'NetworkPolicy', 'consumer-scaler')['spec'];
    const open = (egress as { ports: { port: number }[]; to?: object[] }[]).filter(({ to }) => to === undefined);
    expect(open.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual([443, 6443, 9096, 9098]);
  });

  test('is absent where another autoscaler scales', async () => {
    for (const profile of ['unscaled', 'production, unscaled']) {
      const objects = await pipeline(profile);
      expect(scalersIn(objects)).toEqual([]);
      expect(JSON.stringify(objects)).not.toMatch(/consumer-scaler|KUBERNETES_API_URL/);
    }
  });

  test('keeps in production what survives the loss of a zone', async () => {
    for (const { spec } of scalersIn(await pipeline('production'))) expect(spec['minReplicas']).toBe(3);
  });

  test('refuses in a sentence to scale a service whose Kafka it does not hear of', async () => {
    const value = 'order.kafka.external.bootstrapServers=elsewhere:9096';
    await expect(renderChart('order-pipeline', '--set', value)).rejects.toThrow(
      'order.kafka.external.bootstrapServers is set, but the consumer scaler only reads global.kafka.external: set it ' +
        'there, or set order.autoscaling.engine to none, hpa or keda.',
    );
  });
});
