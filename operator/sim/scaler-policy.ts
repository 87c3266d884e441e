import { decide, initialState, type ScalerSpec, type ScalerState } from '../src/decide/decide.ts';
import type { Policy } from './rivals.ts';

/** The policy under test: the decision that the controller runs, fed with what the simulated cluster shows. */
export function consumerScaler(spec: ScalerSpec): Policy {
  let state: ScalerState | undefined;
  return {
    look(observation) {
      const outcome = decide(spec, observation, state ?? initialState(observation));
      state = outcome.state;
      const { decision } = outcome;
      return {
        replicas: decision.apply ? decision.to : observation.workload.replicas,
        lookAgainSeconds: outcome.lookAgainSeconds,
        note: `${decision.reason}: ${decision.message}`,
      };
    },
  };
}
