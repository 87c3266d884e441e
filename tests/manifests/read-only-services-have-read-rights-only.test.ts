/** The rights of the auditor and the dashboard beyond those of a service, which only a value grants. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { kubeTool } from '../support/kube-tools.ts';
import { objectsOf, only, renderChart, renderOverlay, umbrellaProfiles, type KubeObject } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: tools are built
jest.setTimeout(60_000); // helm is a process for each chart, and the machine may be busy

const profile = async (name: keyof typeof umbrellaProfiles): Promise<KubeObject[]> =>
  objectsOf(await renderChart('order-pipeline', ...umbrellaProfiles[name]!));
const podOf = (objects: readonly KubeObject[], name: string) => only(objects, 'Deployment', name)['spec'].template.spec;
const names = (objects: readonly KubeObject[], kind: string): string[] =>
  objects.filter((each) => each.kind === kind).map(({ metadata }) => metadata['name'] as string);

beforeAll(() => kubeTool('helm').then(() => undefined), setUpLimitMs);

describe('the dashboard', () => {
  const apiUrl = 'https://kubernetes.default.svc';

  test('has nothing to do with the API server where there is no scaler', async () => {
    const objects = await profile('unscaled');
    expect(names(objects, 'Role')).toEqual([]);
    expect(names(objects, 'NetworkPolicy')).not.toContain('dashboard-api-server');
    expect(JSON.stringify(podOf(objects, 'dashboard'))).not.toMatch(/serviceAccountToken|KUBERNETES_API_URL/);
  });

  test('reads the ConsumerScalers of its namespace beside the scaler, with a token that no other pod gets', async () => {
    const objects = await profile('default');
    const [dashboard, ...others] = ['dashboard', 'order', 'payment'].map((name) => podOf(objects, name));
    const { env, volumeMounts } = dashboard.containers[0];
    expect(env).toContainEqual({ name: 'KUBERNETES_API_URL', value: apiUrl });
    const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
    expect(volumeMounts).toContainEqual({ name: 'api-access', mountPath, readOnly: true });
    expect(JSON.stringify(dashboard.volumes)).toContain('serviceAccountToken');
    expect(JSON.stringify(others)).not.toContain('serviceAccountToken');

    expect(only(objects, 'Role', 'dashboard')['rules']).toEqual([
      { apiGroups: ['scaling.orderpipeline.dev'], resources: ['consumerscalers'], verbs: ['list'] },
    ]);
    const { roleRef, subjects } = only(objects, 'RoleBinding', 'dashboard');
    expect({ role: roleRef.name, subjects }).toEqual({
      role: 'dashboard',
      subjects: [{ kind: 'ServiceAccount', name: dashboard.serviceAccountName, namespace: 'order-pipeline' }],
    });
    const { spec } = only(objects, 'NetworkPolicy', 'dashboard-api-server');
    expect(spec.podSelector.matchLabels).toMatchObject({ 'app.kubernetes.io/name': 'dashboard' });
    expect(spec.egress).toEqual([
      {
        ports: [
          { port: 443, protocol: 'TCP' },
          { port: 6443, protocol: 'TCP' },
        ],
      },
    ]);
  });
});

describe('the auditor', () => {
  test('is not there by default, and the dashboard does not ask for it', async () => {
    const objects = await profile('default');
    expect(names(objects, 'Deployment')).not.toContain('auditor');
    expect(JSON.stringify(podOf(objects, 'dashboard'))).not.toContain('AUDIT_METRICS_URL');
  });

  test('serves its metrics in production where the dashboard asks for its verdict', async () => {
    const objects = await profile('production');
    const service = only(objects, 'Service', 'auditor')['spec'];
    const { env } = podOf(objects, 'dashboard').containers[0];
    expect(env).toContainEqual({
      name: 'AUDIT_METRICS_URL',
      value: `http://auditor:${service.ports[0].port}/metrics`,
    });
    const { args, ports } = podOf(objects, 'auditor').containers[0];
    expect(args).toEqual(expect.arrayContaining(['src/audit.ts', '--metrics-port', String(service.ports[0].port)]));
    expect(ports[0].containerPort).toBe(service.ports[0].port);
    expect(names(objects, 'PodMonitor')).toContain('auditor');
    expect(names(objects, 'NetworkPolicy')).toEqual(expect.arrayContaining(['auditor', 'auditor-http-clients']));
  });

  test('logs in as the tools do, whose users only read the databases', async () => {
    const { volumes, containers } = podOf(await profile('production'), 'auditor');
    expect(containers[0].env).toContainEqual({ name: 'KAFKA_USERNAME', value: 'tools' });
    const platform = objectsOf(await renderOverlay('production'));
    const { users } = platform.find(({ kind }) => kind === 'MongoDBCommunity')!['spec'];
    const user = users.find(({ name }: { name: string }) => name === 'tools');
    expect(new Set(user.roles.map(({ name }: { name: string }) => name))).toEqual(new Set(['read']));
    const secrets = volumes.map(({ secret }: { secret: { secretName: string } }) => secret.secretName);
    expect(secrets).toEqual(expect.arrayContaining([user.connectionStringSecretName, 'tools']));
    expect(names(platform, 'KafkaUser')).toContain('tools');
  });
});
