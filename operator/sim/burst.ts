import type { ScalerSpec } from '../src/decide/resource.ts';
import { generateTraffic } from './consumer-group.ts';
import { consumerScaler } from './scaler-policy.ts';
import { simulate } from './simulate.ts';

/**
 * One burst on a group that the scaler scales, to be compared with a measured one. The properties of the real group can be
 * given; the others are those of the other workloads.
 */
export type Burst = {
  /** All of them within 5 s; or how many arrived in each second. */
  readonly records: number | readonly number[];
  readonly arrivalPerSecond?: number;
  readonly partitions?: number;
  /** Topics in which a record follows from each record of the burst once it is processed; `partitions` counts all topics. */
  readonly followers?: number;
  readonly replicaPerSecond?: number;
  readonly podStartSeconds?: readonly [number, number];
  readonly rebalanceSeconds?: readonly [number, number];
  readonly spec?: Partial<ScalerSpec>;
};

export type Prediction = {
  /** From the first record of the burst until all but a hundredth of it is drained; the median over the seeds. */
  readonly drainSeconds: number;
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
  /** Of the first seed, since the first record of the burst. */
  readonly changes: readonly { readonly atSeconds: number; readonly replicas: number; readonly lag: number }[];
};

const burstSecond = 60;
const usualLengthSeconds = 5;
const seeds = [1, 2, 3, 4, 5];

export function predictBurst(defaults: ScalerSpec, burst: Burst): Prediction {
  const spec = { ...defaults, ...burst.spec };
  const { partitions = 12, followers = 0, arrivalPerSecond = 1 } = burst;
  const firstTopic = partitions / (1 + followers);
  const perSecond =
    typeof burst.records === 'number'
      ? Array.from({ length: usualLengthSeconds }, () => Number(burst.records) / usualLengthSeconds)
      : burst.records;
  const workload = {
    ...burst,
    durationSeconds: 1800,
    partitions,
    arrivalPerSecond: (second: number) => arrivalPerSecond + (perSecond[second - burstSecond] ?? 0),
    shareOf: (partition: number) => (partition < firstTopic ? 1 / firstTopic : 0),
  };
  const residualLag = residualLagOf(perSecond) * (1 + followers);
  const runs = seeds.map((seed) => {
    const { timeline } = simulate(generateTraffic(workload, seed), consumerScaler(spec), spec.objective.maxAgeSeconds, {
      timelineStepSeconds: 1,
    });
    const changes = timeline
      .filter(({ replicas }, index) => index > 0 && replicas !== timeline[index - 1]?.replicas)
      .map(({ atSeconds, replicas, lag }) => ({ atSeconds: atSeconds - burstSecond, replicas, lag }));
    return { changes, drainSeconds: drainedAt(timeline, residualLag) - burstSecond };
  });
  const times = runs.map(({ drainSeconds }) => drainSeconds).toSorted((a, b) => a - b);
  return {
    drainSeconds: times[Math.floor(times.length / 2)] ?? Infinity,
    shortestSeconds: times.at(0) ?? Infinity,
    longestSeconds: times.at(-1) ?? Infinity,
    changes: runs[0]?.changes ?? [],
  };
}

/** The lag at which a burst counts as drained: a hundredth of its records. */
function residualLagOf(perSecond: readonly number[]): number {
  return perSecond.reduce((sum, records) => sum + records, 0) / 100;
}

/** When the lag last fell to `residualLag`; the same rule for a simulated group and for a measured one. */
export function drainedAt(
  timeline: readonly { readonly atSeconds: number; readonly lag: number }[],
  residualLag: number,
): number {
  const last = timeline.findLastIndex(({ lag }) => lag > residualLag);
  return timeline[last + 1]?.atSeconds ?? Infinity;
}
