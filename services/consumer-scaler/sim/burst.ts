import type { ScalerSpec } from '../src/resource.ts';
import { generateTraffic } from './consumer-group.ts';
import { consumerScaler } from './ours.ts';
import { simulate } from './simulate.ts';

/**
 * One burst against a group that the scaler runs, to be compared with a real one. What it needs to know of the real one
 * can be given; the rest is as in the other workloads.
 */
export type Burst = {
  readonly records: number;
  readonly arrivalPerSecond?: number;
  readonly partitions?: number;
  readonly replicaPerSecond?: number;
  readonly podStartSeconds?: readonly [number, number];
  readonly rebalanceStopSeconds?: readonly [number, number];
  readonly spec?: Partial<ScalerSpec>;
};

const burstSecond = 60;
const burstLengthSeconds = 5;

export function predictBurst(defaults: ScalerSpec, burst: Burst): string {
  const spec = { ...defaults, ...burst.spec };
  const { partitions = 12, arrivalPerSecond = 1 } = burst;
  const drained: number[] = [];
  let story = '';
  for (const seed of [1, 2, 3, 4, 5]) {
    const workload = {
      ...burst,
      durationSeconds: 3600,
      partitions,
      arrivalPerSecond: (second: number) =>
        arrivalPerSecond +
        (second >= burstSecond && second < burstSecond + burstLengthSeconds ? burst.records / burstLengthSeconds : 0),
      shareOf: () => 1 / partitions,
    };
    const { timeline } = simulate(generateTraffic(workload, seed), consumerScaler(spec), spec.objective.maxAgeSeconds);
    const end = timeline.find(
      (point) => point.atSeconds > burstSecond + burstLengthSeconds && point.lag <= 0.01 * burst.records,
    );
    drained.push((end?.atSeconds ?? Infinity) - burstSecond);
    const changes = timeline.filter((point, index) => point.replicas !== timeline[index - 1]?.replicas);
    if (seed === 1)
      story = changes.map((point) => `${point.atSeconds} s: ${point.replicas} replicas, lag ${point.lag}`).join('\n');
  }
  drained.sort((a, b) => a - b);
  return `The burst is worked off after ${drained.at(0)} to ${drained.at(-1)} s, as a rule ${drained.at(2)} s.\nFirst seed:\n${story}`;
}
