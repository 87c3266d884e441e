import type { Observation } from '../src/decide/observation.ts';

/** A policy reconciles an observation to the desired replicas, and says when it is due again. */
export type Policy = {
  reconcile(observation: Observation): {
    readonly replicas: number;
    readonly requeueAfterSeconds: number;
    readonly note?: string;
  };
};

/** A HorizontalPodAutoscaler's defaults, from the Kubernetes documentation ("Horizontal Pod Autoscaling"). */
export const syncSeconds = 15;
export const tolerance = 0.1;
export const stabilizationSeconds = 300;
export const scaleUpPods = 4;
export const scaleUpFactor = 2;

function totalLag(observation: Observation): { lag: number; partitions: number } | undefined {
  const { kafka } = observation;
  if ('unavailable' in kafka) return undefined;
  const lag = kafka.partitions.reduce((sum, one) => sum + (one.endOffset ?? 0) - (one.committedOffset ?? 0), 0);
  return { lag, partitions: kafka.partitions.length };
}

/**
 * KEDA's Kafka scaler and the HPA that it drives, by their documentation (keda.sh "Apache Kafka", `lagThreshold`,
 * `allowIdleConsumers: false`): KEDA reports the total lag, capped at the threshold times the partitions, as a
 * metric with an average value; the HPA wants ceil(metric / threshold) unless the ratio is within its tolerance, adds at
 * most 4 pods or 100 % per 15 s, and scales down to the maximum that it wanted in 300 s.
 * With `evenDistribution` (KEDA's `ensureEvenDistributionOfPartitions`) only divisors of the partition count are possible.
 */
export function kedaWithHpa(lagThreshold: number, minReplicas: number, evenDistribution = false): Policy {
  let wanted: { atSeconds: number; replicas: number }[] = [];
  return {
    reconcile(observation) {
      const { replicas } = observation.workload;
      const reading = totalLag(observation);
      // Without a metric the HPA does not scale the target.
      if (reading === undefined) return { replicas, requeueAfterSeconds: syncSeconds };
      let metric = reading.lag;
      if (evenDistribution) {
        let divisor = 1;
        while (divisor < reading.partitions && (reading.partitions % divisor > 0 || divisor * lagThreshold < metric))
          divisor += 1;
        metric = divisor * lagThreshold;
      }
      if (Math.floor(metric / lagThreshold) > reading.partitions) metric = reading.partitions * lagThreshold;
      const ratio = metric / (lagThreshold * replicas);
      const proposed = Math.abs(1 - ratio) <= tolerance ? replicas : Math.ceil(metric / lagThreshold);
      const clamped = Math.max(minReplicas, Math.min(reading.partitions, proposed));

      wanted = wanted.filter((past) => past.atSeconds > observation.atSeconds - stabilizationSeconds);
      wanted.push({ atSeconds: observation.atSeconds, replicas: clamped });
      const maxWanted = Math.max(...wanted.map((past) => past.replicas));
      const down = Math.min(replicas, maxWanted);
      const up = Math.min(clamped, Math.max(replicas + scaleUpPods, replicas * scaleUpFactor));
      return { replicas: clamped > replicas ? up : down, requeueAfterSeconds: syncSeconds };
    },
  };
}

/** Lag divided by a threshold, applied at once, up and down: what a first script does. */
export function lagPerThreshold(lagThreshold: number, minReplicas: number): Policy {
  return {
    reconcile(observation) {
      const reading = totalLag(observation);
      if (reading === undefined) return { replicas: observation.workload.replicas, requeueAfterSeconds: syncSeconds };
      const wanted = Math.ceil(reading.lag / lagThreshold);
      return {
        replicas: Math.max(minReplicas, Math.min(reading.partitions, wanted)),
        requeueAfterSeconds: syncSeconds,
      };
    },
  };
}

/** One replica per partition at all times: what is late under it, no scaler can avoid. */
export function alwaysAll(): Policy {
  return {
    reconcile: (observation) => ({
      replicas: totalLag(observation)?.partitions ?? observation.workload.replicas,
      requeueAfterSeconds: 600,
    }),
  };
}
