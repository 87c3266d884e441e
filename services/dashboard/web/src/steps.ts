/** The steps of an order, each of which is an event, read by the lifecycle of packages/events. */
import {
  causesOf,
  inTimelineOrder,
  isFact,
  rankOf,
  stateOf,
  type Fact,
  type OrderState,
} from '@order-pipeline/events/order-lifecycle';

export interface Step {
  readonly type: string;
  readonly status: string;
  /** When its fact became true, in milliseconds. */
  readonly time: number;
}

const factName = ({ type, status }: Step): string => `${type}:${status}`;

/** Undefined for an event of a newer release. */
export function factOf(step: Step): Fact | undefined {
  const name = factName(step);
  return isFact(name) ? name : undefined;
}

export const stateAfter = (steps: readonly Step[]): OrderState => stateOf(new Set(steps.map(factName)));

export const inOrder = <S extends Step>(steps: readonly S[]): S[] =>
  inTimelineOrder(steps, (step) => ({ fact: factName(step), timeMs: step.time }));

/** The fact that follows from all others of these steps; undefined when none of them is known. */
export const furthestFact = (steps: readonly Step[]): Fact | undefined =>
  steps
    .map(factOf)
    .filter((fact) => fact !== undefined)
    .toSorted((a, b) => rankOf(b) - rankOf(a))[0];

/** The step that caused this one, among those of its order. */
export function causeOf<S extends Step>(step: S, steps: readonly S[]): S | undefined {
  const fact = factOf(step);
  if (fact === undefined) return undefined;
  for (const cause of causesOf(fact)) {
    const found = steps.find((other) => factName(other) === cause);
    if (found) return found;
  }
  return undefined;
}
