/** The only place that changes a workload: through /scale, as leader, and against the version that was looked at. */
import { resourcePath } from './cluster.ts';
import { originalReplicas, restoreFinalizer, type ConsumerScaler } from './consumer-scaler.ts';
import { hasStatus, type KubeApi } from './kube-api.ts';
import { replicasOf, scalePath, type Workload } from './targets.ts';

export interface ScaleWriter {
  /** False when this process does not lead. Throws KubeError 409 when the target changed meanwhile. */
  scale(resource: ConsumerScaler, target: Workload, replicas: number): Promise<boolean>;
  /** Of a resource that is being deleted: gives the target back what it had, where that is asked for, and lets go. */
  release(resource: ConsumerScaler, restore: boolean): Promise<void>;
}

export function createScaleWriter(api: KubeApi, isLeader: () => boolean): ScaleWriter {
  /** Before the first change, so that a crash between the two forgets nothing. */
  async function remember(resource: ConsumerScaler, replicas: number): Promise<void> {
    const { metadata, spec } = resource;
    const { finalizers = [], annotations = {}, resourceVersion } = metadata;
    const held = finalizers.includes(restoreFinalizer);
    const wanted = spec.onDelete === 'Restore';
    if (wanted === held && (!wanted || annotations[originalReplicas] !== undefined)) return;
    const others = finalizers.filter((one) => one !== restoreFinalizer);
    await api.patch(resourcePath(resource), {
      metadata: {
        resourceVersion,
        finalizers: wanted ? [...others, restoreFinalizer] : others,
        annotations: { [originalReplicas]: wanted ? (annotations[originalReplicas] ?? String(replicas)) : null },
      },
    });
  }

  const write = (resource: ConsumerScaler, resourceVersion: string | undefined, replicas: number) =>
    api.patch(scalePath(resource.metadata.namespace, resource.spec.targetRef), {
      metadata: resourceVersion === undefined ? {} : { resourceVersion },
      spec: { replicas },
    });

  return {
    async scale(resource, target, replicas) {
      await remember(resource, replicasOf(target));
      if (!isLeader()) return false;
      await write(resource, target.metadata.resourceVersion, replicas);
      return true;
    },
    async release(resource, restore) {
      const { finalizers = [], annotations = {}, resourceVersion } = resource.metadata;
      if (!finalizers.includes(restoreFinalizer) || !isLeader()) return;
      const original = Number(annotations[originalReplicas]);
      if (restore && resource.spec.onDelete === 'Restore' && Number.isInteger(original) && original >= 0) {
        await write(resource, undefined, original).catch((error: unknown) => {
          // The target went with it.
          if (!hasStatus(error, 404)) throw error;
        });
      }
      const left = finalizers.filter((one) => one !== restoreFinalizer);
      await api.patch(resourcePath(resource), { metadata: { resourceVersion, finalizers: left } });
    },
  };
}
