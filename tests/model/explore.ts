/** Explicit-state search: visits every reachable state once, and returns the trace to the first violation. */
export interface Step {
  /** What happened, for the trace of a counterexample. */
  readonly label: string;
  readonly state: string;
  /** Whether it uses one of the budget of disturbances. */
  readonly disturbs: boolean;
}

export interface Model {
  /** A state is a string, the same however it is reached, so that it is its own hash key. */
  readonly initial: string;
  /** The most disturbances in one run. */
  readonly maxDisturbances: number;
  /** Includes disturbances only if the budget allows one: the last layer is the largest and would discard them. */
  steps(state: string, mayDisturb: boolean): readonly Step[];
  /** The violation in the state, or in the step that led to it. */
  violationOf(state: string, before: string): string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  readonly counterexample?: { readonly violation: string; readonly trace: readonly string[] };
}

/** The search gives up above it: a model that grows without limit is wrong. */
const maxStates = 10_000_000;

/**
 * Breadth first, by number of disturbances: a state is expanded once, with the fewest disturbances that lead to it, and a
 * counterexample has the fewest disturbances, and then the fewest steps.
 */
export function explore({ initial, maxDisturbances, steps, violationOf }: Model): Exploration {
  const indexOf = new Map<string, number>([[initial, 0]]);
  const parents: number[] = [-1];
  const reachedWith: number[] = [0];
  const layers: { state: string; index: number }[][] = Array.from({ length: maxDisturbances + 1 }, () => []);
  layers[0]!.push({ state: initial, index: 0 });
  let taken = 0;

  const traceTo = (index: number, last: Step): string[] => {
    const states = [...indexOf.keys()];
    const path: number[] = [];
    for (let at = index; at >= 0; at = parents[at]!) path.unshift(at);
    const labels = path
      .slice(1)
      .map((at, hop) => steps(states[path[hop]!]!, true).find(({ state }) => state === states[at])?.label ?? '?');
    return [...labels, last.label];
  };

  for (const [spent, layer] of layers.entries()) {
    for (const { state, index } of layer) {
      // Already expanded: it was reached with fewer disturbances after it was queued here.
      if (reachedWith[index] !== spent) continue;
      for (const step of steps(state, spent < maxDisturbances)) {
        const cost = spent + (step.disturbs ? 1 : 0);
        taken += 1;
        const violation = violationOf(step.state, state);
        if (violation !== undefined) {
          return { states: indexOf.size, steps: taken, counterexample: { violation, trace: traceTo(index, step) } };
        }
        const known = indexOf.get(step.state);
        if (known !== undefined && reachedWith[known]! <= cost) continue;
        const at = known ?? parents.length;
        if (at === maxStates) throw new Error(`the model has more than ${maxStates} states`);
        indexOf.set(step.state, at);
        parents[at] = index;
        reachedWith[at] = cost;
        layers[cost]!.push({ state: step.state, index: at });
      }
    }
    layers[spent] = [];
  }
  return { states: indexOf.size, steps: taken };
}
