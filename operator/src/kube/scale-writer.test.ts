import { beforeEach, describe, expect, test } from '@jest/globals';
import { originalReplicas, restoreFinalizer, type ConsumerScaler } from './consumer-scaler.ts';
import { KubeError } from './kube-api.ts';
import { createScaleWriter, type ScaleWriter } from './scale-writer.ts';
import { TestApi } from '../../test/test-api.ts';
import type { Workload } from './targets.ts';

const resourcePath = '/apis/scaling.orderpipeline.dev/v1alpha1/namespaces/shop/consumerscalers/web';
const scalePath = '/apis/apps/v1/namespaces/shop/deployments/web/scale';
let api: TestApi;
let leads: boolean;
let writer: ScaleWriter;
beforeEach(() => {
  api = new TestApi();
  leads = true;
  writer = createScaleWriter(api, () => leads);
});

function resourceWith(onDelete: 'Keep' | 'Restore', metadata: object = {}): void {
  api.put(resourcePath, {
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: { targetRef: { kind: 'Deployment', name: 'web' }, onDelete },
  });
}
const targetWith = (replicas: number) => api.put(scalePath, { metadata: { name: 'web' }, spec: { replicas } });
const resource = () => api.objects.get(resourcePath) as unknown as ConsumerScaler;
const target = () => api.objects.get(scalePath) as unknown as Workload;

describe('scaling', () => {
  test('writes /scale and, where replicas are to be kept, nothing else', async () => {
    resourceWith('Keep');
    targetWith(1);
    expect(await writer.scale(resource(), target(), 4)).toBe(true);
    expect(target().spec.replicas).toBe(4);
    expect(api.requests).toEqual([`PATCH ${scalePath}`]);
  });

  test('is refused, and changes nothing, when the target is no longer what was looked at', async () => {
    resourceWith('Keep');
    targetWith(1);
    const seen = target();
    targetWith(3);
    await expect(writer.scale(resource(), seen, 4)).rejects.toMatchObject({ status: 409 });
    expect(target().spec.replicas).toBe(3);
  });

  test('is left to whoever leads', async () => {
    resourceWith('Keep');
    targetWith(1);
    leads = false;
    expect(await writer.scale(resource(), target(), 4)).toBe(false);
    expect(target().spec.replicas).toBe(1);
  });

  test('remembers what there was before the first change, and not before a later one', async () => {
    resourceWith('Restore', { finalizers: ['of.another/one'] });
    targetWith(2);
    await writer.scale(resource(), target(), 4);
    await writer.scale(resource(), target(), 6);
    expect(resource().metadata).toMatchObject({
      finalizers: ['of.another/one', restoreFinalizer],
      annotations: { [originalReplicas]: '2' },
    });
    // First the memory, then the change: a crash in between forgets nothing.
    expect(api.requests).toEqual([`PATCH ${resourcePath}`, `PATCH ${scalePath}`, `PATCH ${scalePath}`]);
  });

  test('lets go of a resource that no longer asks for its replicas back', async () => {
    resourceWith('Restore');
    targetWith(2);
    await writer.scale(resource(), target(), 4);
    api.put(resourcePath, { ...resource(), spec: { ...resource().spec, onDelete: 'Keep' } });
    await writer.scale(resource(), target(), 6);
    expect(resource().metadata).toMatchObject({ finalizers: [], annotations: {} });
  });
});

describe('releasing a resource that is being deleted', () => {
  const restorable = () =>
    resourceWith('Restore', {
      finalizers: ['of.another/one', restoreFinalizer],
      annotations: { [originalReplicas]: '2' },
    });

  test('gives the target back what it had', async () => {
    restorable();
    targetWith(9);
    await writer.release(resource(), true);
    expect(target().spec.replicas).toBe(2);
    expect(resource().metadata.finalizers).toEqual(['of.another/one']);
  });

  test('goes on when the target went with it, and not when the API server fails', async () => {
    restorable();
    await writer.release(resource(), true);
    expect(resource().metadata.finalizers).toEqual(['of.another/one']);
    restorable();
    api.fault = (request) => (request.endsWith('/scale') ? new KubeError(500, 'not now') : undefined);
    await expect(writer.release(resource(), true)).rejects.toMatchObject({ status: 500 });
    expect(resource().metadata.finalizers).toContain(restoreFinalizer);
  });

  test('leaves a target that is somebody else’s as it is', async () => {
    restorable();
    targetWith(9);
    await writer.release(resource(), false);
    expect(target().spec.replicas).toBe(9);
    expect(resource().metadata.finalizers).toEqual(['of.another/one']);
  });

  test('has nothing to do where replicas are kept', async () => {
    resourceWith('Keep');
    targetWith(9);
    await writer.release(resource(), true);
    expect(api.requests).toEqual([]);
  });
});
