/** The only place that changes a workload: through /scale, as leader, and only the version that was observed. */
import type { Logger } from '@order-pipeline/runtime';
import { hasStatus, type KubeApi } from './api-client.ts';
import type { KubePath } from './api-path.ts';
import {
  originalReplicasAnnotation,
  originalReplicasOf,
  resourcePath,
  restoreFinalizer,
  type ConsumerScaler,
} from './custom-resource.ts';
import { replicasOf, scalePath, type Workload } from './targets.ts';
import { keyOf } from './watched-collection.ts';
import type { Decision } from '../decide/decide.ts';

type Change = Pick<Decision, 'to' | 'message'> & { readonly reason: Decision['reason'] | 'Restored' };

const restoredMessage = 'The resource was deleted: its target returns to the replicas from before the first change.';
const withoutAnnotation = { annotations: { [originalReplicasAnnotation]: null } };

export class ScaleWriter {
  readonly #api: KubeApi;
  readonly #isLeader: () => boolean;
  readonly #logger: Logger;

  constructor(api: KubeApi, isLeader: () => boolean, logger: Logger) {
    this.#api = api;
    this.#isLeader = isLeader;
    this.#logger = logger;
  }

  /** False if this process is not the leader. Rejects with KubeError 409 when the target or the resource has changed. */
  async scale(resource: ConsumerScaler, target: Workload, change: Change): Promise<boolean> {
    if (!this.#isLeader()) return false;
    await (resource.spec.onDelete === 'Restore'
      ? rememberOriginal(this.#api, resource, replicasOf(target))
      : forgetOriginal(this.#api, resource));
    if (!this.#isLeader()) return false;
    await this.#write(resource, target, change);
    return true;
  }

  /**
   * Of a resource that is being deleted: restores the replicas of `target` if the spec says so, and removes the finalizer.
   * `target` is undefined if no such workload was observed; `conflict` names another autoscaler of it. Rejects as `scale`.
   */
  async release(resource: ConsumerScaler, target: Workload | undefined, conflict: string | undefined): Promise<void> {
    const { finalizers = [] } = resource.metadata;
    if (!finalizers.includes(restoreFinalizer) || !this.#isLeader()) return;
    await this.#restore(resource, target, conflict);
    await patcher(this.#api, resource)(resourcePath(resource), { metadata: { finalizers: withoutOurs(finalizers) } });
  }

  async #restore(resource: ConsumerScaler, target: Workload | undefined, conflict: string | undefined): Promise<void> {
    const to = originalReplicasOf(resource);
    const skip = (why: string): void =>
      this.#logger.info({ resource: keyOf(resource) }, `replicas are not restored: ${why}`);
    if (resource.spec.onDelete !== 'Restore') return skip('onDelete is not Restore');
    if (to === undefined) return skip('no original replicas are recorded');
    if (conflict !== undefined) return skip(`${conflict} scales the target`);
    if (target === undefined) return skip('no such target was observed in the namespace of the resource');
    try {
      await this.#write(resource, target, { to, reason: 'Restored', message: restoredMessage });
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      skip('the target was deleted');
    }
  }

  async #write(resource: ConsumerScaler, target: Workload, { to, reason, message }: Change): Promise<void> {
    const { kind } = resource.spec.targetRef;
    const { name, resourceVersion } = target.metadata;
    // Logged before the request, because its response may be lost.
    this.#logger.info(
      { resource: keyOf(resource), target: `${kind}/${name}`, from: replicasOf(target), to, reason },
      message,
    );
    await this.#api.patch(scalePath(resource.metadata.namespace, { kind, name }), {
      metadata: { resourceVersion },
      spec: { replicas: to },
    });
  }
}

/** Records the original replicas before the first change, so that a crash in between does not lose them. */
async function rememberOriginal(api: KubeApi, resource: ConsumerScaler, replicas: number): Promise<void> {
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

/** The finalizer is removed last: while it exists, the next change repeats what a crash has left undone. */
async function forgetOriginal(api: KubeApi, resource: ConsumerScaler): Promise<void> {
  const { metadata, status } = resource;
  const { finalizers = [], annotations = {} } = metadata;
  const patch = patcher(api, resource);
  if (status?.originalReplicas !== undefined) {
    await patch(resourcePath(resource, 'status'), { status: { originalReplicas: null } });
  }
  if (finalizers.includes(restoreFinalizer) || annotations[originalReplicasAnnotation] !== undefined) {
    await patch(resourcePath(resource), { metadata: { finalizers: withoutOurs(finalizers), ...withoutAnnotation } });
  }
}

/** Applies one patch after another, each on the condition that no other client changed the resource since it was observed. */
function patcher(api: KubeApi, { metadata }: ConsumerScaler) {
  let { resourceVersion } = metadata;
  return async (path: KubePath, { metadata: change = {}, ...rest }: { metadata?: object; status?: object }) => {
    const patched = await api.patch<ConsumerScaler>(path, { metadata: { resourceVersion, ...change }, ...rest });
    ({ resourceVersion } = patched.metadata);
    return patched;
  };
}

function withoutOurs(finalizers: readonly string[]): string[] {
  return finalizers.filter((finalizer) => finalizer !== restoreFinalizer);
}
