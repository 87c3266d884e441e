/** The workloads that are scaled, and who else would scale them. */
import type { ConsumerScaler, TargetRef } from './custom-resource.ts';
import type { KubeObject } from './api-client.ts';
import { objectPath, type KubePath } from './api-path.ts';

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

/** A HorizontalPodAutoscaler or a ScaledObject: both name what they scale in the same place. */
export type OtherScaler = KubeObject & {
  readonly spec: { readonly scaleTargetRef: { readonly kind?: string; readonly name: string } };
};

/** The kinds that are scaled, and what the API server calls them in paths. */
export const workloadResources = { Deployment: 'deployments', StatefulSet: 'statefulsets' } as const;

export const scalePath = (namespace: string, { kind, name }: TargetRef): KubePath =>
  objectPath({ groupVersion: 'apps/v1', resource: workloadResources[kind], namespace }, name, 'scale');

/** What is to be known of a workload, and nothing of its pods. */
export function coreOf({ metadata, spec, status = {} }: Workload): Workload {
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

export const replicasOf = ({ spec }: Workload): number => spec.replicas ?? 1;

/** Old and new pods stand side by side, or soon will. Pods that merely start or do not fit are no rollout. */
export function isRollingOut({ metadata, status = {} }: Workload): boolean {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = status;
  if (observedGeneration < (metadata.generation ?? 0)) return true;
  if (updateRevision !== undefined) return currentRevision !== updateRevision && updatedReplicas < replicas;
  return replicas > updatedReplicas;
}

type Others = {
  readonly horizontalPodAutoscalers: Iterable<OtherScaler>;
  readonly scaledObjects: Iterable<OtherScaler>;
  readonly consumerScalers: Iterable<ConsumerScaler>;
};

/** Who else scales the target, as a person would name it. Of two ConsumerScalers the older one has it. */
export function conflictOf(resource: ConsumerScaler, others: Others): string | undefined {
  const { targetRef } = resource.spec;
  const { namespace } = resource.metadata;
  const isTarget = (kind: string | undefined, name: string, where: string | undefined) =>
    where === namespace && (kind ?? 'Deployment') === targetRef.kind && name === targetRef.name;
  for (const [kind, objects] of [
    // A ScaledObject makes an autoscaler of its own; the one that a person wrote is the one to name.
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

const ageKey = ({ metadata }: ConsumerScaler): string => `${metadata.creationTimestamp} ${metadata.name}`;
