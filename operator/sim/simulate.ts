import { ConsumerGroup, type Traffic } from './consumer-group.ts';
import type { Policy } from './rivals.ts';

export type Outcome = {
  /** Seconds in which the oldest unprocessed record was older than the objective allows. */
  readonly secondsLate: number;
  /** The age at which 99 % of the records had been processed. */
  readonly p99AgeSeconds: number;
  readonly replicaHours: number;
  /** How often a change of members paused the whole group. */
  readonly rebalances: number;
  readonly pausedSeconds: number;
  /** How often the policy wrote another number of replicas. */
  readonly writes: number;
  readonly timeline: readonly TimelinePoint[];
};

type TimelinePoint = {
  readonly atSeconds: number;
  readonly lag: number;
  readonly ageSeconds: number;
  readonly replicas: number;
  readonly note: string | undefined;
};

type Options = { readonly initialReplicas?: number; readonly timelineStepSeconds?: number };

export function simulate(traffic: Traffic, policy: Policy, maxAgeSeconds: number, options: Options = {}): Outcome {
  const { initialReplicas = 1, timelineStepSeconds = 10 } = options;
  const group = new ConsumerGroup(traffic, initialReplicas);
  const timeline: TimelinePoint[] = [];
  let secondsLate = 0;
  let replicaSeconds = 0;
  let pausedSeconds = 0;
  let writes = 0;
  let dueSecond = 0;
  let note: string | undefined;
  for (let second = 0; second < traffic.workload.durationSeconds; second += 1) {
    group.step();
    const ageSeconds = group.oldestAgeSeconds();
    if (ageSeconds > maxAgeSeconds) secondsLate += 1;
    replicaSeconds += group.replicas;
    if (group.paused) pausedSeconds += 1;
    if (second >= dueSecond) {
      const desired = policy.reconcile(group.observe(maxAgeSeconds));
      if (desired.replicas !== group.replicas) {
        group.scale(desired.replicas);
        writes += 1;
      }
      dueSecond = second + desired.requeueAfterSeconds;
      note = desired.note;
    }
    if (second % timelineStepSeconds === 0) {
      timeline.push({ atSeconds: second, lag: group.lag(), ageSeconds, replicas: group.replicas, note });
    }
  }
  return {
    secondsLate,
    p99AgeSeconds: percentileAge(group.processedByAge, 0.99),
    replicaHours: replicaSeconds / 3600,
    rebalances: group.rebalances,
    pausedSeconds,
    writes,
    timeline,
  };
}

function percentileAge(processedByAge: Float64Array, part: number): number {
  const total = processedByAge.reduce((sum, records) => sum + records, 0);
  let sum = 0;
  return Math.max(
    0,
    processedByAge.findIndex((records) => (sum += records) >= total * part),
  );
}
