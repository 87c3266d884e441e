/** The conditions that the controller adds to those of the decision: Ready and Conflict. */
import type { Outcome } from './decide/decide.ts';
import type { TargetRef } from './kube/custom-resource.ts';
import { condition, type OwnCondition } from './kube/resource-status.ts';

/** Why a resource cannot be reconciled, for its Event and its condition Ready. */
export interface NotReady {
  readonly reason: string;
  readonly message: string;
  readonly conditions: readonly OwnCondition[];
}

export function invalidSpec(fields: readonly string[]): NotReady {
  return notReady('InvalidSpec', `No valid name or key: ${fields.join(', ')}.`);
}

export function targetNotFound({ kind, name }: TargetRef): NotReady {
  return notReady('TargetNotFound', `There is no ${kind} ${name} in this namespace.`);
}

function notReady(reason: string, message: string): NotReady {
  return { reason, message, conditions: [condition('Ready', 'False', reason, message)] };
}

/** Ready and Conflict after a decision; `conflict` names another autoscaler of the target. */
export function conflictConditions({ status, decision }: Outcome, conflict: string | undefined): OwnCondition[] {
  if (conflict !== undefined) {
    const message = `${conflict} scales the same target.`;
    return [condition('Ready', 'False', 'Conflict', message), condition('Conflict', 'True', 'OwnedByAnother', message)];
  }
  const lagKnown = status.conditions.find(({ type }) => type === 'LagKnown');
  return [
    lagKnown?.status === 'True'
      ? condition('Ready', 'True', 'Deciding', decision.message)
      : condition('Ready', 'False', 'LagUnknown', lagKnown?.message ?? ''),
    condition('Conflict', 'False', 'SoleOwner', 'No other autoscaler scales the target.'),
  ];
}
