/** Explicit-state search: every state that the steps lead to, each visited once, with the trace to the first fault. */
export interface Step {
  /** What happened, for the trace of a counterexample. */
  readonly label: string;
  readonly state: string;
  /** Whether it takes one from the budget of disturbances. */
  readonly disturbs: boolean;
}

export interface Model {
  /** States are text, the same for the same state however it was reached: the text is its own hash key. */
  readonly initial: string;
  /** How many disturbances one run may hold. */
  readonly maxDisturbances: number;
  /** Those that disturb only while the budget allows one: the last layer is the largest, and would throw them away. */
  steps(state: string, mayDisturb: boolean): readonly Step[];
  /** What is wrong with the state, or with the step that led to it. */
  faultOf(state: string, before: string): string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  readonly counterexample?: { readonly fault: string; readonly trace: readonly string[] };
}

/** Above it the search gives up: a model that grows without bound is a fault of the model. */
const maxStates = 10_000_000;

/**
 * Breadth first, and all runs with fewer disturbances before those with more: a state is expanded once, with the most
 * budget left that it can be reached with, and a counterexample has the fewest disturbances, then the fewest steps.
 */
export function explore({ initial, maxDisturbances, steps, faultOf }: Model): Exploration {
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
      // Reached with fewer disturbances after it was queued here: it is expanded already.
      if (reachedWith[index] !== spent) continue;
      for (const step of steps(state, spent < maxDisturbances)) {
        const cost = spent + (step.disturbs ? 1 : 0);
        taken += 1;
        const fault = faultOf(step.state, state);
        if (fault !== undefined) {
          return { states: indexOf.size, steps: taken, counterexample: { fault, trace: traceTo(index, step) } };
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
