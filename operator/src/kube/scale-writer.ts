/** The only place that changes a workload: through /scale, as leader, and only the version of it that was observed. */
import type { Logger } from '@order-pipeline/runtime';
import { resourcePath } from './cluster-cache.ts';
import {
  originalReplicasOf,
  originalReplicasAnnotation,
  restoreFinalizer,
  type ConsumerScaler,
} from './custom-resource.ts';
import type { Decision } from '../decide/decide.ts';
import { hasStatus, type KubeApi } from './api-client.ts';
import type { KubePath } from './api-path.ts';
import { keyOf } from './watched-collection.ts';
import { replicasOf, scalePath, type Workload } from './targets.ts';

type Change = Pick<Decision, 'to' | 'message'> & { readonly reason: Decision['reason'] | 'Restored' };

export interface ScaleWriter {
  /** False when this process does not lead. Throws KubeError 409 when the target or the resource changed meanwhile. */
  scale(resource: ConsumerScaler, target: Workload, decision: Change): Promise<boolean>;
  /**
   * Of a resource that is being deleted: restores the replicas of `target`, where that is asked for, and removes the finalizer.
   * `target` is undefined when no such workload was observed, `conflict` names who else scales it. Throws as `scale` does.
   */
  release(resource: ConsumerScaler, target: Workload | undefined, conflict: string | undefined): Promise<void>;
}

export function createScaleWriter(api: KubeApi, isLeader: () => boolean, logger: Logger): ScaleWriter {
  async function write(resource: ConsumerScaler, target: Workload, { to, reason, message }: Change): Promise<void> {
    const { kind } = resource.spec.targetRef;
    const { name, resourceVersion } = target.metadata;
    // Before the request, because its response may be lost.
    logger.info(
      { resource: keyOf(resource), target: `${kind}/${name}`, from: replicasOf(target), to, reason },
      message,
    );
    await api.patch(scalePath(resource.metadata.namespace, { kind, name }), {
      metadata: { resourceVersion },
      spec: { replicas: to },
    });
  }

  return {
    async scale(resource, target, decision) {
      if (!isLeader()) return false;
      await (resource.spec.onDelete === 'Restore'
        ? remember(api, resource, replicasOf(target))
        : forget(api, resource));
      if (!isLeader()) return false;
      await write(resource, target, decision);
      return true;
    },
    async release(resource, target, conflict) {
      const { finalizers = [] } = resource.metadata;
      if (!finalizers.includes(restoreFinalizer) || !isLeader()) return;
      const to = originalReplicasOf(resource);
      const kept = (why: string) => logger.info({ resource: keyOf(resource) }, `replicas are not restored: ${why}`);
      if (resource.spec.onDelete !== 'Restore') kept('onDelete is not Restore');
      else if (to === undefined) kept('no original replicas are recorded');
      else if (conflict !== undefined) kept(`${conflict} scales the target`);
      else if (target === undefined) kept('no such target was observed in the namespace of the resource');
      else {
        await write(resource, target, { to, reason: 'Restored', message: restoredMessage }).catch((error: unknown) => {
          if (!hasStatus(error, 404)) throw error;
          kept('the target was deleted');
        });
      }
      await patcher(api, resource)(resourcePath(resource), { metadata: { finalizers: others(finalizers) } });
    },
  };
}

const restoredMessage = 'The resource is deleted: its target gets back the replicas from before the first change.';
const others = (finalizers: readonly string[]): string[] => finalizers.filter((one) => one !== restoreFinalizer);
const withoutAnnotation = { annotations: { [originalReplicasAnnotation]: null } };

/** Records the original replicas before the first change, so that a crash between the two forgets nothing. */
async function remember(api: KubeApi, resource: ConsumerScaler, replicas: number): Promise<void> {
  const { metadata, status } = resource;
  const { finalizers = [], annotations = {} } = metadata;
  const patch = patcher(api, resource);
  if (!finalizers.includes(restoreFinalizer)) {
    await patch(resourcePath(resource), { metadata: { finalizers: [...finalizers, restoreFinalizer] } });
  }
  if (status?.originalReplicas === undefined) {
    const originalReplicas = originalReplicasOf(resource) ?? replicas;
    const patched = await patch(resourcePath(resource, 'status'), { status: { originalReplicas } });
    if (patched.status?.originalReplicas !== originalReplicas) {
      throw new Error(
        'status.originalReplicas was not stored: apply the CRD of this release (helm/consumer-scaler/crds)',
      );
    }
  }
  if (annotations[originalReplicasAnnotation] !== undefined) {
    await patch(resourcePath(resource), { metadata: withoutAnnotation });
  }
}

/** The finalizer goes last: while it is there, the next change tries again what a crash has left. */
async function forget(api: KubeApi, resource: ConsumerScaler): Promise<void> {
  const { metadata, status } = resource;
  const { finalizers = [], annotations = {} } = metadata;
  const patch = patcher(api, resource);
  if (status?.originalReplicas !== undefined) {
    await patch(resourcePath(resource, 'status'), { status: { originalReplicas: null } });
  }
  if (finalizers.includes(restoreFinalizer) || annotations[originalReplicasAnnotation] !== undefined) {
    await patch(resourcePath(resource), { metadata: { finalizers: others(finalizers), ...withoutAnnotation } });
  }
}

/** Applies one patch after another, each on condition that nothing else changed the resource since it was observed. */
function patcher(api: KubeApi, { metadata }: ConsumerScaler) {
  let { resourceVersion } = metadata;
  return async (path: KubePath, { metadata: change = {}, ...rest }: { metadata?: object; status?: object }) => {
    const patched = await api.patch<ConsumerScaler>(path, { metadata: { resourceVersion, ...change }, ...rest });
    ({ resourceVersion } = patched.metadata);
    return patched;
  };
}
