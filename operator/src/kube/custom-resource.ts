/** The resource as the API server has it: what the decision does not know of it, and how its status is written. */
import type { KubeMeta, KubeObject } from './api-client.ts';
import { isName, isSecretKey } from './api-path.ts';
import { defaultSpec, type Condition, type ScalerSpec, type ScalerStatus } from '../decide/resource.ts';

export const group = 'scaling.orderpipeline.dev';
export const apiVersion = `${group}/v1alpha1`;
export const plural = 'consumerscalers';
/** Keeps a resource until its target has been given back the replicas that it had. */
export const restoreFinalizer = `${group}/restore`;
/** Of 0.1.0, which kept there what is in status now. */
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
  /** Which only the operator may write; original replicas are written before a change, and by nobody else. */
  readonly status?: WrittenStatus & { readonly originalReplicas?: number };
};

export type WrittenCondition = Omit<Condition, 'type'> & {
  readonly type: Condition['type'] | 'Ready' | 'Conflict';
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
};
/** A status as a reconciliation writes it. */
export type WrittenStatus = Partial<Omit<ScalerStatus, 'conditions' | 'lastDecision'>> & {
  readonly observedGeneration?: number;
  readonly lastDecision?: Omit<ScalerStatus['lastDecision'], 'atSeconds' | 'apply'> & {
    readonly at: string;
    readonly applied: boolean;
  };
  readonly conditions?: readonly WrittenCondition[];
};

/**
 * Fields of the spec that hold no valid name or key. The CRD refuses them too, but a resource from before its patterns keeps
 * them: the API server validates on update only what changes.
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
 * What the target had before the first change. The annotation of 0.1.0, which any author may write, counts only beside the
 * finalizer that 0.1.0 set with it, and until the status has the number.
 */
export function originalReplicasOf({ metadata, status }: ConsumerScaler): number | undefined {
  if (status?.originalReplicas !== undefined) return status.originalReplicas;
  const text = metadata.annotations?.[originalReplicasAnnotation];
  if (text === undefined || !metadata.finalizers?.includes(restoreFinalizer)) return undefined;
  return /^\d{1,10}$/u.test(text) && Number(text) <= maxInt32 ? Number(text) : undefined;
}

/** With the schema's defaults, which the API server fills in for those that came after it. */
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

/** What earlier looks were about: with another of these, what was learned is of another group. */
export const identityOf = ({ spec, metadata }: ConsumerScaler): string =>
  JSON.stringify([metadata.uid, spec.targetRef, spec.consumerGroup, spec.topics, spec.kafka]);

type OwnCondition = Omit<WrittenCondition, 'lastTransitionTime' | 'observedGeneration'>;

export const condition = (
  type: OwnCondition['type'],
  status: OwnCondition['status'],
  reason: string,
  message: string,
): OwnCondition => ({ type, status, reason, message });

/** A status as it is stored: conditions keep the time since which they are what they are. */
export function writtenStatus(
  resource: ConsumerScaler,
  status: ScalerStatus | undefined,
  own: readonly OwnCondition[],
  applied: boolean,
  atMs: number,
): WrittenStatus {
  const at = new Date(Math.floor(atMs / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
  const before = new Map(resource.status?.conditions?.map((one) => [one.type, one]));
  const observedGeneration = resource.metadata.generation ?? 0;
  const conditions = [...own, ...(status?.conditions ?? [])].map((one): WrittenCondition => {
    const last = before.get(one.type);
    const lastTransitionTime = last?.status === one.status ? last.lastTransitionTime : at;
    return { ...one, lastTransitionTime, observedGeneration };
  });
  if (status === undefined) return { observedGeneration, conditions };
  const { lastDecision, conditions: _, ...rest } = status;
  const { atSeconds: __, apply: ___, ...decision } = lastDecision;
  return rounded({ ...rest, observedGeneration, lastDecision: { ...decision, applied, at }, conditions });
}

/** A merge patch that makes the stored status this one: what is null here is taken away there. Original replicas stay. */
export function statusPatch(before: ConsumerScaler['status'], after: WrittenStatus): object {
  const gone = Object.keys(before ?? {}).filter((key) => !(key in after) && key !== 'originalReplicas');
  return { status: { ...Object.fromEntries(gone.map((key) => [key, null])), ...after } };
}

/** Whether somebody who looks at the resource would want to know at once; what merely moved is written now and then. */
export function isNews(before: WrittenStatus | undefined, after: WrittenStatus): boolean {
  const essence = ({ observedGeneration, replicas, desiredReplicas, lag, lastDecision, conditions }: WrittenStatus) =>
    JSON.stringify([
      observedGeneration,
      replicas,
      desiredReplicas,
      lag?.messages === 0,
      lastDecision?.reason,
      conditions?.map(({ type, status, reason }) => [type, status, reason]),
    ]);
  return before === undefined || essence(before) !== essence(after);
}

/** Three decimals are enough for a person, and keep a status from changing with every look. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return (Math.round(value * 1_000) / 1_000) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)])) as T;
}
