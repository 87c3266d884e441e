import { decide, initialState, type ScalerSpec, type ScalerState } from '../src/decide/decide.ts';
import type { Policy } from './rivals.ts';

/** The policy under test: the operator's own decision, with observations of the simulated cluster. */
export function consumerScaler(spec: ScalerSpec): Policy {
  let state: ScalerState | undefined;
  return {
    reconcile(observation) {
      const outcome = decide(spec, observation, state ?? initialState(observation));
      state = outcome.state;
      const { decision } = outcome;
      return {
        replicas: decision.apply ? decision.to : observation.workload.replicas,
        requeueAfterSeconds: outcome.requeueAfterSeconds,
        note: `${decision.reason}: ${decision.message}`,
      };
    },
  };
}
