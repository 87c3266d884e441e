import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { originalReplicasAnnotation, restoreFinalizer, type ConsumerScaler } from './custom-resource.ts';
import { KubeError } from './api-client.ts';
import { ScaleWriter } from './scale-writer.ts';
import { TestApi } from '../../test/test-api.ts';
import type { Workload } from './targets.ts';

const resourcePath = '/apis/scaling.orderpipeline.dev/v1alpha1/namespaces/shop/consumerscalers/web';
const scalePath = '/apis/apps/v1/namespaces/shop/deployments/web/scale';
let api: TestApi;
let leads: boolean;
let lines: Record<string, unknown>[];
let writer: ScaleWriter;
beforeEach(() => {
  api = new TestApi();
  leads = true;
  lines = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  writer = new ScaleWriter(api, () => leads, createLogger({ service: 'test', destination }));
});

function resourceWith(onDelete: 'Keep' | 'Restore', metadata: object = {}, status: object = {}): void {
  api.put(resourcePath, {
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: { targetRef: { kind: 'Deployment', name: 'web' }, onDelete },
    status,
  });
}
const targetWith = (replicas: number) => api.put(scalePath, { metadata: { name: 'web' }, spec: { replicas } });
const resource = () => api.objects.get(resourcePath) as unknown as ConsumerScaler;
const target = () => api.objects.get(scalePath) as unknown as Workload;
const scaleTo = (to: number, observed = target()) =>
  writer.scale(resource(), observed, { to, reason: 'BehindObjective', message: 'Records wait.' });
const logged = () => lines.map(({ msg }) => msg);

describe('scaling', () => {
  test('writes only /scale if the replicas are kept on deletion', async () => {
    resourceWith('Keep');
    targetWith(1);
    expect(await scaleTo(4)).toBe(true);
    expect(target().spec.replicas).toBe(4);
    expect(api.requests).toEqual([`PATCH ${scalePath}`]);
  });

  test('is logged with the target, both numbers and the reason', async () => {
    resourceWith('Keep');
    targetWith(1);
    await scaleTo(4);
    expect(lines).toMatchObject([
      {
        resource: 'shop/web',
        target: 'Deployment/web',
        from: 1,
        to: 4,
        reason: 'BehindObjective',
        msg: 'Records wait.',
      },
    ]);
  });

  test('is rejected, and changes nothing, when the target has changed since it was observed', async () => {
    resourceWith('Keep');
    targetWith(1);
    const seen = target();
    targetWith(3);
    await expect(scaleTo(4, seen)).rejects.toMatchObject({ status: 409 });
    expect(target().spec.replicas).toBe(3);
  });

  test('writes nothing without leading', async () => {
    resourceWith('Restore');
    targetWith(1);
    leads = false;
    expect(await scaleTo(4)).toBe(false);
    expect(target().spec.replicas).toBe(1);
    expect(api.requests).toEqual([]);
  });
});

describe('the original replicas', () => {
  test('are in status before the first change, and stay as they are at a later one', async () => {
    resourceWith('Restore', { finalizers: ['of.another/one'] });
    targetWith(2);
    await scaleTo(4);
    await scaleTo(6);
    expect(resource().metadata.finalizers).toEqual(['of.another/one', restoreFinalizer]);
    expect(resource().metadata.annotations).toBeUndefined();
    expect(resource().status?.originalReplicas).toBe(2);
    expect(api.requests).toEqual([
      `PATCH ${resourcePath}`,
      `PATCH ${resourcePath}/status`,
      `PATCH ${scalePath}`,
      `PATCH ${scalePath}`,
    ]);
  });

  test.each([1, 2, 3])('survive a crash before request %i', async (nth) => {
    resourceWith('Restore');
    targetWith(2);
    api.fault = () => (api.requests.length === nth ? new Error('crashed') : undefined);
    await expect(scaleTo(4)).rejects.toThrow('crashed');
    expect(target().spec.replicas).toBe(2);
    api.fault = () => undefined;
    await scaleTo(4);
    expect(resource().status?.originalReplicas).toBe(2);
    expect(resource().metadata.finalizers).toEqual([restoreFinalizer]);
  });

  test('prevent the change when the API server does not store them, because its CRD is older', async () => {
    resourceWith('Restore');
    targetWith(2);
    api.prunes = (path) => path.endsWith('/status');
    await expect(scaleTo(4)).rejects.toThrow('apply the CRD of this release');
    expect(target().spec.replicas).toBe(2);
  });

  test('are taken from the annotation of 0.1.0 once, and not from a later edit of it', async () => {
    const annotated = (replicas: string) => ({ annotations: { [originalReplicasAnnotation]: replicas } });
    resourceWith('Restore', { finalizers: [restoreFinalizer], ...annotated('2') });
    targetWith(5);
    await scaleTo(4);
    expect(resource().status?.originalReplicas).toBe(2);
    expect(resource().metadata.annotations).toEqual({});
    api.put(resourcePath, { ...resource(), metadata: { ...resource().metadata, ...annotated('0') } });
    await scaleTo(6);
    expect(resource().status?.originalReplicas).toBe(2);
    expect(resource().metadata.annotations).toEqual({});
    // They are always in one of the two places.
    expect(api.requests.slice(0, 2)).toEqual([`PATCH ${resourcePath}/status`, `PATCH ${resourcePath}`]);
  });

  test.each(['-1', '1.5', '', '0x10', '99999999999', '2147483648', ' 1'])(
    'are not taken from an annotation %j, which 0.1.0 never wrote',
    async (text) => {
      resourceWith('Restore', {
        finalizers: [restoreFinalizer],
        annotations: { [originalReplicasAnnotation]: text },
      });
      targetWith(5);
      await scaleTo(4);
      expect(resource().status?.originalReplicas).toBe(5);
    },
  );

  test('are not taken from an annotation without the finalizer that 0.1.0 always wrote with it', async () => {
    resourceWith('Restore', { annotations: { [originalReplicasAnnotation]: '0' } });
    targetWith(5);
    await scaleTo(4);
    expect(resource().status?.originalReplicas).toBe(5);
  });

  test('are removed when onDelete is no longer Restore', async () => {
    resourceWith('Restore');
    targetWith(2);
    await scaleTo(4);
    api.put(resourcePath, { ...resource(), spec: { ...resource().spec, onDelete: 'Keep' } });
    await scaleTo(6);
    expect(resource().metadata.finalizers).toEqual([]);
    expect(resource().status).toEqual({});
  });
});

describe('the release of a deleted resource', () => {
  const restorable = (status: object = { originalReplicas: 2 }) =>
    resourceWith('Restore', { finalizers: ['of.another/one', restoreFinalizer] }, status);
  const untouched = () => {
    expect(api.requests.filter((request) => request.includes('/scale'))).toEqual([]);
    expect(resource().metadata.finalizers).toEqual(['of.another/one']);
  };

  test('restores the replicas of the target, and logs it', async () => {
    restorable();
    targetWith(9);
    await writer.release(resource(), target(), undefined);
    expect(target().spec.replicas).toBe(2);
    expect(resource().metadata.finalizers).toEqual(['of.another/one']);
    expect(lines).toMatchObject([
      { resource: 'shop/web', target: 'Deployment/web', from: 9, to: 2, reason: 'Restored' },
    ]);
  });

  test('restores the replicas in the annotation of 0.1.0', async () => {
    const annotations = { [originalReplicasAnnotation]: '3' };
    resourceWith('Restore', { finalizers: [restoreFinalizer], annotations });
    targetWith(9);
    await writer.release(resource(), target(), undefined);
    expect(target().spec.replicas).toBe(3);
  });

  test('prefers the recorded replicas to the annotation', async () => {
    const annotations = { [originalReplicasAnnotation]: '0' };
    resourceWith('Restore', { finalizers: [restoreFinalizer], annotations }, { originalReplicas: 2 });
    targetWith(9);
    await writer.release(resource(), target(), undefined);
    expect(target().spec.replicas).toBe(2);
  });

  test('scales no target that was not observed, and removes the finalizer', async () => {
    restorable();
    targetWith(9);
    await writer.release(resource(), undefined, undefined);
    untouched();
    expect(logged()).toEqual([expect.stringContaining('no such target was observed')]);
  });

  test('does not scale a target of another autoscaler', async () => {
    restorable();
    targetWith(9);
    await writer.release(resource(), target(), 'HorizontalPodAutoscaler h');
    untouched();
    expect(logged()).toEqual([expect.stringContaining('HorizontalPodAutoscaler h scales the target')]);
  });

  test('restores nothing if nothing was recorded', async () => {
    restorable({});
    targetWith(9);
    await writer.release(resource(), target(), undefined);
    untouched();
  });

  test('completes when the target was deleted, and not when the API server fails', async () => {
    restorable();
    targetWith(9);
    const seen = target();
    api.objects.delete(scalePath);
    await writer.release(resource(), seen, undefined);
    expect(resource().metadata.finalizers).toEqual(['of.another/one']);
    restorable();
    api.fault = (request) => (request.endsWith('/scale') ? new KubeError(500, 'unavailable') : undefined);
    await expect(writer.release(resource(), seen, undefined)).rejects.toMatchObject({ status: 500 });
    expect(resource().metadata.finalizers).toContain(restoreFinalizer);
  });

  test('does not scale a target that has changed since, and keeps the finalizer for the next attempt', async () => {
    restorable();
    targetWith(9);
    const seen = target();
    targetWith(7);
    await expect(writer.release(resource(), seen, undefined)).rejects.toMatchObject({ status: 409 });
    expect(target().spec.replicas).toBe(7);
    expect(resource().metadata.finalizers).toContain(restoreFinalizer);
  });

  test('sends no request if the replicas are kept', async () => {
    resourceWith('Keep');
    targetWith(9);
    await writer.release(resource(), target(), undefined);
    expect(api.requests).toEqual([]);
  });
});

test.each(['../../kube-system/deployments/coredns', '%2e%2e', 'web/../db', 'web?x', 'web#x'])(
  'no request is sent for a target named %j',
  async (name) => {
    resourceWith('Restore', { finalizers: [restoreFinalizer] }, { originalReplicas: 0 });
    const forged = { metadata: { name, namespace: 'shop', resourceVersion: '1' }, spec: { replicas: 2 } };
    await expect(writer.release(resource(), forged, undefined)).rejects.toThrow('is not a valid name');
    await expect(scaleTo(0, forged)).rejects.toThrow('is not a valid name');
    expect(api.requests.filter((request) => request.includes('scale') && !request.includes(resourcePath))).toEqual([]);
  },
);
