/** The ConsumerScaler resource as the API server stores it, and the parts of its spec that the decision does not know. */
import type { KubeMeta, KubeObject } from './api-client.ts';
import { isName, isSecretKey, objectPath, type KubePath } from './api-path.ts';
import { defaultSpec, type Condition, type ScalerSpec, type ScalerStatus } from '../decide/resource.ts';

const group = 'scaling.orderpipeline.dev';
export const apiVersion = `${group}/v1alpha1`;
export const kind = 'ConsumerScaler';
export const plural = 'consumerscalers';
/** Keeps a deleted resource until the replicas of its target are restored. */
export const restoreFinalizer = `${group}/restore`;
/** 0.1.0 stored in this annotation what is in the status now. */
export const originalReplicasAnnotation = `${group}/original-replicas`;

export type TargetRef = { readonly kind: 'Deployment' | 'StatefulSet'; readonly name: string };
export type SecretKey = { readonly name: string; readonly key: string };
export type KafkaSpec = {
  readonly bootstrapServers: string;
  readonly tls?: { readonly enabled?: boolean; readonly caSecret?: SecretKey };
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly passwordSecret: SecretKey };
};

export type ConsumerScaler = KubeObject & {
  readonly metadata: KubeMeta & { readonly namespace: string };
  readonly spec: Partial<ScalerSpec> & {
    readonly targetRef: TargetRef;
    readonly consumerGroup: string;
    readonly topics: readonly string[];
    readonly kafka: KafkaSpec;
    readonly onDelete?: 'Keep' | 'Restore';
  };
  /** Only the operator may write it. `originalReplicas` is written before a change of the target, not with the rest. */
  readonly status?: StoredStatus & { readonly originalReplicas?: number };
};

export type StoredCondition = Omit<Condition, 'type'> & {
  readonly type: Condition['type'] | 'Ready' | 'Conflict';
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
};

export type StoredStatus = Partial<Omit<ScalerStatus, 'conditions' | 'lastDecision'>> & {
  readonly observedGeneration?: number;
  readonly lastDecision?: Omit<ScalerStatus['lastDecision'], 'atSeconds' | 'apply'> & {
    readonly at: string;
    readonly applied: boolean;
  };
  readonly conditions?: readonly StoredCondition[];
};

export function resourcePath({ metadata }: ConsumerScaler, subresource?: 'status'): KubePath {
  const collection = { groupVersion: apiVersion, resource: plural, namespace: metadata.namespace };
  return objectPath(collection, metadata.name, subresource);
}

/**
 * Fields of the spec without a valid name or key. The CRD rejects them too, but a resource from before its patterns keeps
 * them: on an update the API server validates only what changes.
 */
export function invalidNamesIn({ targetRef, kafka }: ConsumerScaler['spec']): { field: string; value: unknown }[] {
  const invalid = (field: string, value: unknown, isValid: (text: unknown) => boolean) =>
    isValid(value) ? [] : [{ field, value }];
  const secret = (field: string, named: SecretKey | undefined) =>
    named === undefined
      ? []
      : [...invalid(`${field}.name`, named.name, isName), ...invalid(`${field}.key`, named.key, isSecretKey)];
  return [
    ...invalid('spec.targetRef.name', targetRef.name, isName),
    ...secret('spec.kafka.tls.caSecret', kafka.tls?.caSecret),
    ...secret('spec.kafka.sasl.passwordSecret', kafka.sasl?.passwordSecret),
  ];
}

const maxInt32 = 2 ** 31 - 1;

/**
 * The replicas of the target before the first change. The annotation of 0.1.0, which any author may write, counts only
 * together with the finalizer that 0.1.0 set with it, and until the status has the number.
 */
export function originalReplicasOf({ metadata, status }: ConsumerScaler): number | undefined {
  if (status?.originalReplicas !== undefined) return status.originalReplicas;
  const text = metadata.annotations?.[originalReplicasAnnotation];
  if (text === undefined || !metadata.finalizers?.includes(restoreFinalizer)) return undefined;
  return /^\d{1,10}$/u.test(text) && Number(text) <= maxInt32 ? Number(text) : undefined;
}

/** With the schema's defaults, which the API server sets only in resources that were written after the field was added. */
export function specOf({ spec }: ConsumerScaler, conflicting: boolean): ScalerSpec {
  const merged = {
    ...defaultSpec,
    ...spec,
    objective: { ...defaultSpec.objective, ...spec.objective },
    behavior: { ...defaultSpec.behavior, ...spec.behavior },
    fallback: { ...defaultSpec.fallback, ...spec.fallback },
    capacity: spec.capacity ?? defaultSpec.capacity,
  };
  return conflicting && merged.mode === 'Auto' ? { ...merged, mode: 'Observe' } : merged;
}

/** What the state of earlier reconciliations belongs to: with another identity it is about another group. */
export function identityOf({ spec, metadata }: ConsumerScaler): string {
  return JSON.stringify([metadata.uid, spec.targetRef, spec.consumerGroup, spec.topics, spec.kafka]);
}
