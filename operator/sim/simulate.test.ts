import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decide, defaultSpec, initialState, type Observation } from '../src/decide/decide.ts';
import { behindHpa } from './behind-hpa.ts';
import { ConsumerGroup, generateTraffic } from './consumer-group.ts';
import { consumerScaler } from './scaler-policy.ts';
import { kedaWithHpa, lagPerThreshold } from './rivals.ts';
import { simulate } from './simulate.ts';
import { buildWorkload, capacityPerSecond, heldOutSeeds, trainingSeeds, type Workload } from './workloads.ts';

/** Hours are simulated; the default of 5 s is for single cases. */
jest.setTimeout(120_000);

const spec = { ...defaultSpec, topics: ['records'] };
const constant = (perSecond: number, partitions: number, durationSeconds: number): Workload => ({
  durationSeconds,
  partitions,
  arrivalPerSecond: () => perSecond,
  shareOf: () => 1 / partitions,
});

describe('the simulator', () => {
  test('repeats a run for the same seed, and only for that', () => {
    const run = (seed: number) =>
      simulate(generateTraffic(buildWorkload('steady', seed), seed), consumerScaler(spec), 60);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  test('has no held-out seed among those of the tuning', () => {
    expect(heldOutSeeds.filter((seed) => trainingSeeds.includes(seed))).toEqual([]);
  });

  test('loses and invents no record, and pauses the group when its members change', () => {
    const group = new ConsumerGroup(generateTraffic(constant(250, 12, 400), 1), 1);
    for (let second = 0; second < 100; second += 1) group.step();
    const lag = group.lag();
    // One replica of about 100/s under 250/s.
    expect(Math.abs(lag / 100 - 150)).toBeLessThan(15);
    group.scale(4);
    let pausedSeconds = 0;
    for (let second = 100; second < 300; second += 1) {
      group.step();
      if (group.paused) pausedSeconds += 1;
    }
    expect(group.members).toBe(4);
    expect(group.rebalances).toBeGreaterThanOrEqual(1);
    expect(pausedSeconds).toBeGreaterThanOrEqual(4);
    expect(group.lag()).toBeLessThan(lag);
    const processed = group.processedByAge.reduce((sum, records) => sum + records, 0);
    const arrived = group.traffic.arrivedBy.reduce((sum, one) => sum + (one[299] ?? 0), 0);
    expect(Math.abs(arrived - processed - group.lag())).toBeLessThan(12);
  });
});

describe('KEDA and its HPA', () => {
  const observed = (atSeconds: number, replicas: number, partitions: number, lag: number): Observation => ({
    atSeconds,
    workload: { replicas, rolloutInProgress: false },
    kafka: {
      group: { state: 'Stable', assignor: 'RoundRobinAssigner', members: [] },
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        topic: 'records',
        partition,
        startOffset: 0,
        endOffset: partition === 0 ? lag : 0,
        committedOffset: 0,
        offsetAtMaxAge: 0,
      })),
    },
  });

  test('never scale from 22 to 24 replicas: the capped metric is within the tolerance', () => {
    expect(kedaWithHpa(100, 1).reconcile(observed(0, 22, 24, 1_000_000)).replicas).toBe(22);
    expect(kedaWithHpa(100, 1).reconcile(observed(0, 21, 24, 1_000_000)).replicas).toBe(24);
  });

  test('add at most 4 pods or 100 % per period', () => {
    expect(kedaWithHpa(100, 1).reconcile(observed(0, 1, 24, 1_000_000)).replicas).toBe(5);
    expect(kedaWithHpa(100, 1).reconcile(observed(0, 10, 24, 1_000_000)).replicas).toBe(20);
  });

  test('scale down to the maximum of the last 300 s', () => {
    const policy = kedaWithHpa(100, 1);
    policy.reconcile(observed(0, 8, 24, 800));
    expect(policy.reconcile(observed(290, 8, 24, 100)).replicas).toBe(8);
    expect(policy.reconcile(observed(310, 8, 24, 100)).replicas).toBe(1);
  });

  test('give one hot partition as many replicas as there are partitions', () => {
    expect(lagPerThreshold(100, 1).reconcile(observed(0, 1, 24, 1_000_000)).replicas).toBe(24);
  });

  test('choose only divisors with even distribution', () => {
    expect(kedaWithHpa(100, 1, true).reconcile(observed(0, 4, 12, 450)).replicas).toBe(6);
  });

  test('apply the tolerance to any decision, and the limits unless the behavior lifts them', () => {
    const written = (from: number, to: number, behavior: 'default' | 'immediate') =>
      behindHpa({ reconcile: () => ({ replicas: to, requeueAfterSeconds: 4 }) }, behavior).reconcile(
        observed(0, from, 24, 0),
      );
    expect(written(22, 24, 'immediate').replicas).toBe(22);
    expect(written(1, 12, 'immediate').replicas).toBe(12);
    expect(written(12, 1, 'immediate').replicas).toBe(1);
    expect(written(1, 12, 'default').replicas).toBe(5);
  });
});

describe('the scaler in the simulator', () => {
  test('does not oscillate under constant load with random arrivals, pods and rebalances', () => {
    const loads = fc.record({
      partitions: fc.integer({ min: 1, max: 24 }),
      load: fc.double({ min: 0.05, max: 0.85, noNaN: true }),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
      replicas: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(loads, ({ partitions, load, seed, replicas }) => {
        const traffic = generateTraffic(constant(load * partitions * capacityPerSecond, partitions, 4200), seed);
        const { timeline } = simulate(traffic, consumerScaler(spec), 60, { initialReplicas: replicas });
        const changes = timeline.filter(
          (point, index) => index > 0 && point.replicas !== timeline[index - 1]?.replicas,
        );
        const ups = changes.filter((point, index) => point.replicas > (changes[index - 1]?.replicas ?? replicas));
        // At most: down while the capacity is unknown, up once it is known, and down when the backlog has drained.
        expect(ups.length).toBeLessThanOrEqual(1);
        expect(changes.filter((point) => point.atSeconds > 3000)).toEqual([]);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test.each([0, 250, 450])(
    'predicts the drain time of a backlog to within a quarter while %i/s arrive',
    (perSecond) => {
      const observed = {
        ...spec,
        capacity: { mode: 'Fixed', recordsPerSecond: capacityPerSecond },
        mode: 'Observe',
      } as const;
      const burst = 40_000;
      const workload = {
        ...constant(0, 12, 900),
        arrivalPerSecond: (second: number) => (second === 0 ? burst : perSecond),
      };
      const group = new ConsumerGroup(generateTraffic(workload, 5), 6);
      group.step();
      let state = initialState(group.observe(60));
      let predicted: { atSeconds: number; drainSeconds: number } | undefined;
      while (group.lag() > perSecond + 1) {
        group.step();
        if (group.second % spec.pollSeconds > 0) continue;
        const outcome = decide(observed, group.observe(60), state);
        state = outcome.state;
        const drainSeconds = outcome.status.predictedDrainSeconds;
        if (drainSeconds !== null) predicted ??= { atSeconds: group.second, drainSeconds };
      }
      const { atSeconds = 0, drainSeconds = 0 } = predicted ?? {};
      expect(Math.abs(drainSeconds / (group.second - atSeconds) - 1)).toBeLessThan(0.25);
    },
  );
});
