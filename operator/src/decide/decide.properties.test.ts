import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { maxOwners } from './assignment.ts';
import {
  decide,
  defaultSpec,
  initialState,
  type Observation,
  type PartitionReading,
  type ScalerSpec,
} from './decide.ts';
import { fewestReplicas, type Demand } from './demand.ts';
import { evenly, TestGroup, withGroup } from '../../test/test-group.ts';

/** Hundreds of cases per test; the default of 5 s is for single cases. */
jest.setTimeout(60_000);

const between = (min: number, max: number) => fc.integer({ min, max });
const assignors = fc.constantFrom('RoundRobinAssigner', 'range', 'cooperative-sticky');

const specs: fc.Arbitrary<ScalerSpec> = fc
  .record({
    min: between(0, 5),
    more: fc.option(between(0, 20), { nil: undefined }),
    drainSeconds: between(10, 900),
    utilization: between(50, 95),
    capacity: fc.oneof(
      fc.constant({ mode: 'Auto' } as const),
      between(1, 1000).map((recordsPerSecond) => ({ mode: 'Fixed', recordsPerSecond }) as const),
    ),
    offsetReset: fc.constantFrom('earliest', 'latest'),
    fallback: fc.record({
      afterFailures: between(1, 4),
      behavior: fc.constantFrom('Hold', 'AtLeast', 'Static'),
      replicas: between(0, 30),
    }),
    mode: fc.constantFrom('Auto', 'Observe'),
  })
  .map(({ min, more, drainSeconds, utilization, ...rest }) => ({
    ...defaultSpec,
    ...rest,
    topics: ['a', 'b'],
    minReplicas: min,
    maxReplicas: more === undefined ? undefined : Math.max(1, min + more),
    objective: { maxAgeSeconds: 60, drainSeconds, targetUtilizationPercent: utilization },
  }));

const offset = fc.oneof(between(-1, 100_000), fc.constant(null));
const partitionReading = (topic: string, partition: number): fc.Arbitrary<PartitionReading> =>
  fc
    .record({
      committedOffset: offset,
      offsetAtMaxAge: offset,
      endOffset: offset,
      startOffset: fc.constantFrom(0, 0, 500),
    })
    .map((offsets) => ({ topic, partition, ...offsets }));

/** Any observation, plausible or not. */
const observations = fc
  .record({
    gaps: fc.array(between(1, 400), { minLength: 2, maxLength: 12 }),
    counts: fc.tuple(between(1, 8), between(1, 8)),
    assignor: assignors,
  })
  .chain(({ gaps, counts, assignor }) => {
    const keys = counts.flatMap((count, topic) =>
      Array.from({ length: count }, (_, index) => ['ab'[topic] ?? 'a', index] as const),
    );
    const kafka = fc.oneof(
      { weight: 1, arbitrary: fc.constant({ unavailable: 'timeout' }) },
      {
        weight: 9,
        arbitrary: fc.record({
          group: fc.record({
            state: fc.constantFrom('Stable' as const, 'Stable' as const, 'Rebalancing' as const, 'Empty' as const),
            assignor: fc.constant(assignor),
            members: fc.array(fc.subarray(keys.map(([topic, index]) => `${topic}-${index}`)), { maxLength: 20 }),
          }),
          partitions: fc.tuple(...keys.map(([topic, index]) => partitionReading(topic, index))),
        }),
      },
    );
    const observed = fc.record({ replicas: between(0, 30), rolloutInProgress: fc.boolean(), kafka });
    return fc.array(observed, { minLength: gaps.length, maxLength: gaps.length }).map((sequence) => {
      let atSeconds = 1_700_000_000;
      return sequence.map(({ kafka: reading, ...workload }, index): Observation => {
        atSeconds += gaps[index] ?? 1;
        return { atSeconds, workload, kafka: reading };
      });
    });
  });

describe('for any sequence of observations', () => {
  test('replicas stay within the bounds and the partitions, and every number is valid', () => {
    fc.assert(
      fc.property(specs, observations, (spec, sequence) => {
        let state = initialState(sequence[0] as Observation);
        let partitions = Infinity;
        for (const observation of sequence) {
          const outcome = decide(spec, observation, state);
          state = outcome.state;
          if (outcome.status.lag !== null && !('unavailable' in observation.kafka)) {
            const topics = observation.kafka.partitions.map((partition) => partition.topic);
            partitions = maxOwners(topics, observation.kafka.group.assignor);
          }
          const { to } = outcome.decision;
          const highest = Math.min(spec.maxReplicas ?? Infinity, partitions);
          expect(Number.isInteger(to)).toBe(true);
          expect(to).toBeLessThanOrEqual(Math.max(1, highest));
          expect(to).toBeGreaterThanOrEqual(
            Math.min(highest, Math.max(spec.minReplicas, spec.offsetReset === 'latest' ? 1 : 0)),
          );
          expect(outcome.requeueAfterSeconds).toBeGreaterThan(0);
          expect(JSON.stringify(outcome)).not.toMatch(/NaN/);
          expect(structuredClone(outcome)).toEqual(outcome);
          const mostHelpful = Math.max(1, spec.minReplicas, outcome.status.partitions.canHelp);
          expect(outcome.decision.reason === 'BehindObjective' && to > mostHelpful).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('an unknown lag changes nothing', () => {
    fc.assert(
      fc.property(specs, observations, between(0, 30), (spec, sequence, replicas) => {
        const held: ScalerSpec = {
          ...spec,
          minReplicas: 0,
          maxReplicas: undefined,
          offsetReset: 'earliest',
          fallback: { ...spec.fallback, behavior: 'Hold' },
        };
        const state = sequence.reduce(
          (before, observation) => decide(held, observation, before).state,
          initialState(sequence[0] as Observation),
        );
        const atSeconds = (sequence.at(-1)?.atSeconds ?? 0) + 10;
        const outage = {
          atSeconds,
          workload: { replicas, rolloutInProgress: false },
          kafka: { unavailable: 'timeout' },
        };
        const { decision } = decide(held, outage, state);
        // The number of partitions that an earlier observation showed still applies.
        expect(decision.to).toBe(Math.min(replicas, state.maxOwningReplicas ?? Infinity));
      }),
      { numRuns: 100 },
    );
  });

  test('nothing changes while the group rebalances or a rollout is in progress', () => {
    fc.assert(
      fc.property(specs, observations, (spec, sequence) => {
        const bounds = { minReplicas: 0, maxReplicas: undefined, offsetReset: 'earliest' } as const;
        let state = initialState(sequence[0] as Observation);
        for (const observation of sequence) {
          const outcome = decide({ ...spec, ...bounds, fallback: defaultSpec.fallback }, observation, state);
          state = outcome.state;
          const rollingSince = state.settling.rollingSinceSeconds ?? -Infinity;
          const busy =
            'unavailable' in observation.kafka ||
            observation.kafka.group.state === 'Rebalancing' ||
            observation.atSeconds - rollingSince < 1_200;
          const { from, to } = outcome.decision;
          expect(busy && to !== Math.min(from, state.maxOwningReplicas ?? Infinity)).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('for any sequence of faults of a group that the scaler scales', () => {
  const events = fc.record({
    seconds: between(5, 120),
    ratePerPartition: between(0, 60),
    capacityPerSecond: between(0, 150),
    setReplicas: fc.option(between(0, 20), { freq: 6 }),
    fault: fc.constantFrom(
      'none',
      'none',
      'none',
      'kafka unavailable',
      'rebalancing',
      'partition missing',
      'recreated',
    ),
  });
  const histories = fc.record({
    spec: specs,
    partitions: between(1, 13),
    events: fc.array(events, { minLength: 3, maxLength: 15 }),
  });
  const faults: Record<string, (observation: Observation) => Observation> = {
    'kafka unavailable': (observation) => ({ ...observation, kafka: { unavailable: 'timeout' } }),
    rebalancing: withGroup({ state: 'Rebalancing', members: [] }),
    'partition missing': (observation) =>
      'unavailable' in observation.kafka
        ? observation
        : { ...observation, kafka: { ...observation.kafka, partitions: observation.kafka.partitions.slice(1) } },
  };

  test('replicas stay within the bounds, and change only while the lag is known and the group is settled', () => {
    fc.assert(
      fc.property(histories, ({ spec, partitions, events: history }) => {
        const group = new TestGroup(1, evenly(0, partitions), { ...spec, topics: ['orders'], mode: 'Auto' });
        group.reconcile();
        for (const event of history) {
          group.arrivalsPerSecond = evenly(event.ratePerPartition * partitions, partitions);
          group.capacityPerSecond = event.capacityPerSecond;
          group.replicas = event.setReplicas ?? group.replicas;
          group.disturb = faults[event.fault] ?? ((observation) => observation);
          const before = group.changes.length;
          if (event.fault === 'recreated') {
            group.endOffsets = group.endOffsets.map(() => 3);
            group.committedOffsets = group.endOffsets.map(() => 0);
            // Observed at once: a partition that is missing at the first sight of the new topic may never have existed.
            group.reconcile();
          }
          group.run(event.seconds);
          const highest = Math.min(spec.maxReplicas ?? Infinity, partitions);
          const lowest = Math.min(highest, Math.max(spec.minReplicas, spec.offsetReset === 'latest' ? 1 : 0));
          for (const change of group.changes.slice(before)) {
            expect(change.to).toBeGreaterThanOrEqual(lowest);
            expect(change.to).toBeLessThanOrEqual(highest);
            expect(event.fault in faults && !['OutOfBounds', 'Fallback'].includes(change.reason)).toBe(false);
          }
        }
      }),
      { numRuns: 80 },
    );
  });
});

describe('more lag never requires fewer replicas', () => {
  const demands = fc
    .record({
      counts: fc.array(between(1, 12), { minLength: 1, maxLength: 3 }),
      capacityPerSecond: between(1, 200),
      drainSeconds: between(10, 900),
      utilizationPercent: between(50, 95),
      rebalanceSeconds: between(0, 60),
      assignor: assignors,
      membersPerReplica: between(1, 3),
    })
    .chain(({ counts, utilizationPercent, ...rest }) => {
      const topics = counts.flatMap((count, topic) => Array<string>(count).fill(`t${topic}`));
      const partition = (topic: string) =>
        fc.record({
          topic: fc.constant(topic),
          lag: fc.oneof(fc.constant(0), between(0, 50_000)),
          arrivalPerSecond: fc.oneof(fc.constant(0), between(0, 100)),
        });
      const more = fc.array(fc.oneof(fc.constant(0), between(0, 50_000)), {
        minLength: topics.length,
        maxLength: topics.length,
      });
      return fc.record({
        demand: fc
          .tuple(...topics.map(partition))
          .map((partitions): Demand => ({ ...rest, partitions, utilization: utilizationPercent / 100 })),
        more,
        current: between(0, 30),
      });
    });
  /** The partitions with demand, as the decision counts them. */
  const limitOf = (demand: Demand) =>
    Math.max(1, demand.partitions.filter((one) => one.lag > 0 || one.arrivalPerSecond > 0).length);

  test('by the computed demand, for any assignment', () => {
    fc.assert(
      fc.property(demands, ({ demand, more, current }) => {
        const withMore = {
          ...demand,
          partitions: demand.partitions.map((one, index) => ({ ...one, lag: one.lag + (more[index] ?? 0) })),
        };
        const needed = (of: Demand) =>
          fewestReplicas(of, current, Math.max(limitOf(of), Math.min(current, of.partitions.length)));
        expect(needed(withMore)).toBeGreaterThanOrEqual(needed(demand));
      }),
      { numRuns: 1000 },
    );
  });

  test('by the decision, for groups that differ in their backlog only', () => {
    const groups = fc.record({
      replicas: between(1, 12),
      rates: fc.array(between(0, 90), { minLength: 1, maxLength: 12 }),
      backlogs: fc.array(between(0, 4000), { minLength: 12, maxLength: 12 }),
      more: fc.array(between(0, 8000), { minLength: 12, maxLength: 12 }),
      seconds: between(40, 300),
    });
    // The drain time of a partition that is too hot for any number of replicas must not hide what the others gain.
    const oneHotPartition = {
      replicas: 10,
      rates: [34, 0, 0, 0, 35, 0, 0, 0, 2, 0, 40],
      backlogs: [2034, 2, 2, 2, 976, 2, 2, 2, 1222, 2, 1849, 0],
      more: [0, 0, 0, 0, 7862, 0, 0, 0, 0, 0, 0, 0],
      seconds: 61,
    };
    fc.assert(
      fc.property(groups, ({ replicas, rates, backlogs, more, seconds }) => {
        const decisionWith = (lags: number[]) => {
          const group = new TestGroup(replicas, rates, {
            capacity: { mode: 'Fixed', recordsPerSecond: 100 },
            mode: 'Observe',
          });
          group.committedOffsets = group.committedOffsets.map((offset, partition) => offset - (lags[partition] ?? 0));
          group.keepUp = true;
          return group.run(seconds).decision;
        };
        const fewer = decisionWith(backlogs);
        const larger = decisionWith(backlogs.map((lag, partition) => lag + (more[partition] ?? 0)));
        expect(larger.to).toBeGreaterThanOrEqual(fewer.to);
      }),
      { numRuns: 100, examples: [[oneHotPartition]] },
    );
  });
});
