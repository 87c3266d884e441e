import type { ScalerSpec } from '../src/decide/resource.ts';
import { generateTraffic } from './consumer-group.ts';
import { consumerScaler } from './scaler-policy.ts';
import { simulate } from './simulate.ts';

/**
 * One burst against a group that the scaler runs, to be compared with a real one. What it needs to know of the real one
 * can be given; the rest is as in the other workloads.
 */
export type Burst = {
  /** All of them within 5 s; or, second by second, how many arrived. */
  readonly records: number | readonly number[];
  readonly arrivalPerSecond?: number;
  readonly partitions?: number;
  /** Topics in which a record follows from each one of the burst once that is worked off; the partitions are of all. */
  readonly followers?: number;
  readonly replicaPerSecond?: number;
  readonly podStartSeconds?: readonly [number, number];
  readonly rebalanceStopSeconds?: readonly [number, number];
  readonly spec?: Partial<ScalerSpec>;
};

export type Prediction = {
  /** From the first record of the burst until all but a hundredth of it is done, for good; the median over the seeds. */
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
  const most = leftOver(perSecond) * (1 + followers);
  const runs = seeds.map((seed) => {
    const { timeline } = simulate(generateTraffic(workload, seed), consumerScaler(spec), spec.objective.maxAgeSeconds, {
      timelineStepSeconds: 1,
    });
    const changes = timeline
      .filter(({ replicas }, index) => index > 0 && replicas !== timeline[index - 1]?.replicas)
      .map(({ atSeconds, replicas, lag }) => ({ atSeconds: atSeconds - burstSecond, replicas, lag }));
    return { changes, drainSeconds: drainedAt(timeline, most) - burstSecond };
  });
  const times = runs.map(({ drainSeconds }) => drainSeconds).toSorted((a, b) => a - b);
  return {
    drainSeconds: times[Math.floor(times.length / 2)] ?? Infinity,
    shortestSeconds: times.at(0) ?? Infinity,
    longestSeconds: times.at(-1) ?? Infinity,
    changes: runs[0]?.changes ?? [],
  };
}

/** What may be left of a burst that counts as worked off. */
export const leftOver = (perSecond: readonly number[]): number =>
  perSecond.reduce((sum, records) => sum + records, 0) / 100;

/** When the lag fell to this for good; the same rule for a simulated group and for one that was watched. */
export function drainedAt(
  timeline: readonly { readonly atSeconds: number; readonly lag: number }[],
  most: number,
): number {
  const last = timeline.findLastIndex(({ lag }) => lag > most);
  return timeline[last + 1]?.atSeconds ?? Infinity;
}
