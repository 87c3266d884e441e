import type { Observation } from '../src/decide/observation.ts';

/** What the simulator asks of a policy: a look at the world in, the replicas it wants out, and when it looks again. */
export type Policy = {
  look(observation: Observation): {
    readonly replicas: number;
    readonly lookAgainSeconds: number;
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
 * `allowIdleConsumers: false`): KEDA reports the total lag, capped at what one replica per partition answers for, as a
 * metric with an average value; the HPA wants ceil(metric / threshold) unless the ratio is within its tolerance, adds at
 * most 4 pods or 100 % per 15 s, and goes down to the most that it wanted in 300 s.
 * With `evenDistribution` (KEDA's `ensureEvenDistributionOfPartitions`) only divisors of the partition count are asked for.
 */
export function kedaWithHpa(lagThreshold: number, minReplicas: number, evenDistribution = false): Policy {
  let wanted: { atSeconds: number; replicas: number }[] = [];
  return {
    look(observation) {
      const { replicas } = observation.workload;
      const reading = totalLag(observation);
      // Without a metric the HPA leaves the target alone.
      if (reading === undefined) return { replicas, lookAgainSeconds: syncSeconds };
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
      const mostWanted = Math.max(...wanted.map((past) => past.replicas));
      const down = Math.min(replicas, mostWanted);
      const up = Math.min(clamped, Math.max(replicas + scaleUpPods, replicas * scaleUpFactor));
      return { replicas: clamped > replicas ? up : down, lookAgainSeconds: syncSeconds };
    },
  };
}

/** Lag divided by a threshold, at once and both ways: what a first script does. */
export function lagPerThreshold(lagThreshold: number, minReplicas: number): Policy {
  return {
    look(observation) {
      const reading = totalLag(observation);
      if (reading === undefined) return { replicas: observation.workload.replicas, lookAgainSeconds: syncSeconds };
      const wanted = Math.ceil(reading.lag / lagThreshold);
      return { replicas: Math.max(minReplicas, Math.min(reading.partitions, wanted)), lookAgainSeconds: syncSeconds };
    },
  };
}

/** A replica per partition, always: what is late under it, no scaler can avoid. */
export function alwaysAll(): Policy {
  return {
    look: (observation) => ({
      replicas: totalLag(observation)?.partitions ?? observation.workload.replicas,
      lookAgainSeconds: 600,
    }),
  };
}
