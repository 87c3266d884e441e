/** The workloads that are scaled, and other autoscalers that name the same target. */
import type { KubeObject } from './api-client.ts';
import { objectPath, type KubePath } from './api-path.ts';
import type { ConsumerScaler, TargetRef } from './custom-resource.ts';

export type Workload = KubeObject & {
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
};

/** A HorizontalPodAutoscaler or a ScaledObject: both name their target in the same field. */
export type OtherScaler = KubeObject & {
  readonly spec: { readonly scaleTargetRef: { readonly kind?: string; readonly name: string } };
};

/** The kinds of targets, and their names in paths. */
export const workloadResources = { Deployment: 'deployments', StatefulSet: 'statefulsets' } as const;

export function scalePath(namespace: string, { kind, name }: TargetRef): KubePath {
  return objectPath({ groupVersion: 'apps/v1', resource: workloadResources[kind], namespace }, name, 'scale');
}

/** What the operator needs of a workload, without its pod template. */
export function withoutPods({ metadata, spec, status = {} }: Workload): Workload {
  const { name, namespace = '', resourceVersion = '', generation = 0 } = metadata;
  const { observedGeneration, replicas, updatedReplicas, currentRevision, updateRevision } = status;
  return {
    metadata: { name, namespace, resourceVersion, generation },
    spec: spec.replicas === undefined ? {} : { replicas: spec.replicas },
    status: {
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      ...(replicas === undefined ? {} : { replicas }),
      ...(updatedReplicas === undefined ? {} : { updatedReplicas }),
      ...(currentRevision === undefined ? {} : { currentRevision }),
      ...(updateRevision === undefined ? {} : { updateRevision }),
    },
  };
}

export function replicasOf({ spec }: Workload): number {
  return spec.replicas ?? 1;
}

/** Old and new pods exist side by side, or soon will. Pods that are starting or pending are no rollout. */
export function isRollingOut({ metadata, status = {} }: Workload): boolean {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = status;
  if (observedGeneration < (metadata.generation ?? 0)) return true;
  if (updateRevision !== undefined) return currentRevision !== updateRevision && updatedReplicas < replicas;
  return replicas > updatedReplicas;
}

type OtherScalers = {
  readonly horizontalPodAutoscalers: Iterable<OtherScaler>;
  readonly scaledObjects: Iterable<OtherScaler>;
  readonly consumerScalers: Iterable<ConsumerScaler>;
};

/** Kind and name of another autoscaler that owns the target. Of two ConsumerScalers the older one owns it. */
export function conflictOf(resource: ConsumerScaler, others: OtherScalers): string | undefined {
  const { targetRef } = resource.spec;
  const { namespace } = resource.metadata;
  const isTarget = (kind: string | undefined, name: string, otherNamespace: string | undefined) =>
    otherNamespace === namespace && (kind ?? 'Deployment') === targetRef.kind && name === targetRef.name;
  for (const [kind, objects] of [
    // A ScaledObject creates an autoscaler; the object that a user wrote is named first.
    ['ScaledObject', others.scaledObjects],
    ['HorizontalPodAutoscaler', others.horizontalPodAutoscalers],
  ] as const) {
    for (const { metadata, spec } of objects) {
      const { scaleTargetRef } = spec;
      if (isTarget(scaleTargetRef.kind, scaleTargetRef.name, metadata.namespace)) return `${kind} ${metadata.name}`;
    }
  }
  for (const other of others.consumerScalers) {
    const { metadata, spec } = other;
    const same = isTarget(spec.targetRef.kind, spec.targetRef.name, metadata.namespace);
    if (same && metadata.deletionTimestamp === undefined && ageKey(other) < ageKey(resource)) {
      return `ConsumerScaler ${metadata.name}`;
    }
  }
  return undefined;
}

function ageKey({ metadata }: ConsumerScaler): string {
  return `${metadata.creationTimestamp} ${metadata.name}`;
}
