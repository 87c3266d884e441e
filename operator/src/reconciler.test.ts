/** A malicious resource has no effect but a condition, an Event and a log line. */
import { beforeEach, expect, test } from '@jest/globals';
import { createLogger, createMetrics } from '@order-pipeline/runtime';
import type { ClusterCache } from './kube/cluster-cache.ts';
import { originalReplicasAnnotation, restoreFinalizer, type ConsumerScaler } from './kube/custom-resource.ts';
import { Reconciler } from './reconciler.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { KafkaConnections } from './kafka/connections.ts';
import { EventRecorder } from './kube/event-recorder.ts';
import { ScaleWriter } from './kube/scale-writer.ts';
import { TestApi } from '../test/test-api.ts';
import type { Workload } from './kube/targets.ts';

const resourcePath = '/apis/scaling.orderpipeline.dev/v1alpha1/namespaces/shop/consumerscalers/web';
const coredns = '/apis/apps/v1/namespaces/kube-system/deployments/coredns/scale';
let api: TestApi;
let lines: Record<string, unknown>[];
let connected: number;
/** Observed workloads by `namespace/name`. */
let observed: Map<string, Workload>;
let reconciler: Reconciler;

beforeEach(() => {
  api = new TestApi();
  lines = [];
  connected = 0;
  observed = new Map();
  api.put(coredns, { metadata: { name: 'coredns' }, spec: { replicas: 2 } });
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ service: 'test', destination });
  const connect = () => {
    connected += 1;
    throw new Error('no broker');
  };
  reconciler = new Reconciler({
    api,
    cache: testCache(),
    kafka: new KafkaConnections(api, connect),
    writer: new ScaleWriter(api, () => true, logger),
    events: new EventRecorder(api, 'one', logger),
    metrics: new ControllerMetrics(createMetrics('test')),
    logger,
    isLeader: () => true,
  });
});

/** Contains what the API server has, and the workloads of the test. */
const testCache = (): ClusterCache =>
  ({
    scalers: { get: () => api.objects.get(resourcePath) },
    consumerScalers: [],
    horizontalPodAutoscalers: [],
    scaledObjects: [],
    isSynced: () => true,
    targetOf: ({ metadata, spec }: ConsumerScaler) => observed.get(`${metadata.namespace}/${spec.targetRef.name}`),
  }) as unknown as ClusterCache;

function scalerOf(targetName: string, kafka: object = {}, metadata: object = {}): void {
  api.put(resourcePath, {
    metadata: { name: 'web', namespace: 'shop', uid: 'u', generation: 1, ...metadata },
    spec: {
      targetRef: { kind: 'Deployment', name: targetName },
      consumerGroup: 'g',
      topics: ['t'],
      kafka: { bootstrapServers: 'evil:9092', ...kafka },
      minReplicas: 1,
      onDelete: 'Restore',
    },
  });
}
const resource = () => api.objects.get(resourcePath) as unknown as ConsumerScaler;
const scaled = () => api.requests.filter((request) => request.endsWith('/scale'));
const ready = () => resource().status?.conditions?.find(({ type }) => type === 'Ready');
const deletion = {
  deletionTimestamp: '2026-01-01T00:00:00Z',
  finalizers: [restoreFinalizer],
  annotations: { [originalReplicasAnnotation]: '0' },
};
const hostileNames = ['../../kube-system/deployments/coredns', '..%2f..%2fkube-system', '..', 'web?x', 'web#x', 'a/b'];

test.each(hostileNames)(
  'a target named %j is not scaled; the condition has the field, the log the value',
  async (name) => {
    scalerOf(name);
    expect(await reconciler.reconcile('shop/web')).toBeUndefined();
    expect(ready()).toMatchObject({ status: 'False', reason: 'InvalidSpec' });
    expect(ready()?.message).toBe('No valid name or key: spec.targetRef.name.');
    expect(lines).toMatchObject([{ resource: 'shop/web', invalid: [{ field: 'spec.targetRef.name', value: name }] }]);
    expect([scaled(), connected]).toEqual([[], 0]);
  },
);

test.each(hostileNames)(
  'a deleted resource with a target named %j is released, and nothing is scaled',
  async (name) => {
    scalerOf(name, {}, deletion);
    await reconciler.reconcile('shop/web');
    expect(resource().metadata.finalizers).toEqual([]);
    expect(scaled()).toEqual([]);
    expect(lines).toMatchObject([
      { resource: 'shop/web', msg: expect.stringContaining('no such target was observed') },
    ]);
  },
);

test('on deletion a target of the same name in another namespace is not scaled', async () => {
  api.put('/apis/apps/v1/namespaces/shop/deployments/coredns/scale', { metadata: {}, spec: { replicas: 2 } });
  observed.set('kube-system/coredns', { metadata: { name: 'coredns', namespace: 'kube-system' }, spec: {} });
  scalerOf('coredns', {}, deletion);
  await reconciler.reconcile('shop/web');
  expect(scaled()).toEqual([]);
});

test.each(['../../tenant-b/secrets/x', '%2e%2e', 'x?y', 'x#y'])(
  'a Secret named %j is not read, and no connection to a broker is opened',
  async (name) => {
    observed.set('shop/web', { metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 1 } });
    const passwordSecret = { name, key: 'password' };
    scalerOf('web', { sasl: { mechanism: 'plain', username: 'u', passwordSecret } });
    await reconciler.reconcile('shop/web');
    expect(ready()).toMatchObject({ reason: 'InvalidSpec' });
    expect(ready()?.message).toBe('No valid name or key: spec.kafka.sasl.passwordSecret.name.');
    expect(api.requests.filter((request) => request.startsWith('GET'))).toEqual([]);
    expect(connected).toBe(0);
  },
);
