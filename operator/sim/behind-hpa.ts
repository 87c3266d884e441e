/**
 * A decision that reaches the replicas through KEDA: an external scaler returns the desired replicas as its metric, with a
 * target average value of 1, and a HorizontalPodAutoscaler writes them (docs/adr/0010).
 */
import { scaleUpFactor, scaleUpPods, stabilizationSeconds, syncSeconds, tolerance, type Policy } from './rivals.ts';

/** `immediate`: `spec.behavior` without stabilization windows and without a limit on the step. */
export function behindHpa(decision: Policy, behavior: 'default' | 'immediate'): Policy {
  let wanted: { readonly atSeconds: number; readonly replicas: number }[] = [];
  return {
    reconcile(observation) {
      const { replicas } = observation.workload;
      const metric = decision.reconcile(observation).replicas;
      const proposed = Math.abs(1 - metric / replicas) <= tolerance ? replicas : metric;
      if (behavior === 'immediate') return { replicas: proposed, requeueAfterSeconds: syncSeconds };
      wanted = wanted.filter((past) => past.atSeconds > observation.atSeconds - stabilizationSeconds);
      wanted.push({ atSeconds: observation.atSeconds, replicas: proposed });
      const mostWanted = Math.max(...wanted.map((past) => past.replicas));
      const up = Math.min(proposed, Math.max(replicas + scaleUpPods, replicas * scaleUpFactor));
      return {
        replicas: proposed > replicas ? up : Math.min(replicas, mostWanted),
        requeueAfterSeconds: syncSeconds,
      };
    },
  };
}
