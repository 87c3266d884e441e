/** The status of a ConsumerScaler as it is stored, and when it is written. */
import type { ConsumerScaler, StoredCondition, StoredStatus } from './custom-resource.ts';
import type { ScalerStatus } from '../decide/resource.ts';

/** A condition that the controller adds to those of the decision. */
export type OwnCondition = Omit<StoredCondition, 'lastTransitionTime' | 'observedGeneration'>;

export function condition(
  type: OwnCondition['type'],
  status: OwnCondition['status'],
  reason: string,
  message: string,
): OwnCondition {
  return { type, status, reason, message };
}

/** The status to store: a condition keeps the time of its last transition. `status` is undefined without a decision. */
export function storedStatus(
  resource: ConsumerScaler,
  status: ScalerStatus | undefined,
  own: readonly OwnCondition[],
  applied: boolean,
  atMs: number,
): StoredStatus {
  const at = new Date(Math.floor(atMs / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
  const before = new Map(resource.status?.conditions?.map((stored) => [stored.type, stored]));
  const observedGeneration = resource.metadata.generation ?? 0;
  const conditions = [...own, ...(status?.conditions ?? [])].map((current): StoredCondition => {
    const last = before.get(current.type);
    const lastTransitionTime = last?.status === current.status ? last.lastTransitionTime : at;
    return { ...current, lastTransitionTime, observedGeneration };
  });
  if (status === undefined) return { observedGeneration, conditions };
  const { lastDecision, conditions: _, ...rest } = status;
  const { atSeconds: __, apply: ___, ...decision } = lastDecision;
  return rounded({ ...rest, observedGeneration, lastDecision: { ...decision, applied, at }, conditions });
}

/** A merge patch from the stored status to this one: null removes a field. The original replicas are kept. */
export function statusPatch(before: ConsumerScaler['status'], after: StoredStatus): object {
  const removed = Object.keys(before ?? {}).filter((key) => !(key in after) && key !== 'originalReplicas');
  return { status: { ...Object.fromEntries(removed.map((key) => [key, null])), ...after } };
}

/** Whether the change is written at once; measured numbers alone are written at intervals. */
export function isSignificant(before: StoredStatus | undefined, after: StoredStatus): boolean {
  return before === undefined || essenceOf(before) !== essenceOf(after);
}

function essenceOf({ observedGeneration, replicas, desiredReplicas, lag, lastDecision, conditions }: StoredStatus) {
  return JSON.stringify([
    observedGeneration,
    replicas,
    desiredReplicas,
    lag?.messages === 0,
    lastDecision?.reason,
    conditions?.map(({ type, status, reason }) => [type, status, reason]),
  ]);
}

/** Three decimals suffice, and keep a status from changing with every reconciliation. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return (Math.round(value * 1_000) / 1_000) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, rounded(field)])) as T;
}
