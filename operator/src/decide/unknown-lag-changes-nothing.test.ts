import { describe, expect, test } from '@jest/globals';
import type { Observation } from './decide.ts';
import { evenly, fixed, TestGroup } from '../../test/test-group.ts';

const kafkaUnavailable = (observation: Observation) => ({
  ...observation,
  kafka: { unavailable: 'connection refused' },
});

describe('an unknown lag is never zero', () => {
  test.each([
    ['Kafka unavailable', kafkaUnavailable],
    [
      'a partition absent from the response',
      (observation: Observation) =>
        'unavailable' in observation.kafka
          ? observation
          : { ...observation, kafka: { ...observation.kafka, partitions: observation.kafka.partitions.slice(1) } },
    ],
    [
      'a missing offset',
      (observation: Observation) =>
        'unavailable' in observation.kafka
          ? observation
          : {
              ...observation,
              kafka: {
                ...observation.kafka,
                partitions: observation.kafka.partitions.map((one) => ({
                  ...one,
                  committedOffset: one.partition === 7 ? null : one.committedOffset,
                })),
              },
            },
    ],
  ])('%s: the replicas stay, and the status says why', (_, disturb) => {
    const group = new TestGroup(6, evenly(10), { ...fixed(100), minReplicas: 0 });
    group.run(60);
    group.disturb = disturb;
    group.run(1800);
    expect(group.changes).toEqual([]);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'LagUnknown' });
    expect(group.condition('LagKnown')?.status).toBe('False');
    expect(group.outcome?.status.lag).toBeNull();
  });

  test.each([
    ['Hold', 3, 3],
    ['AtLeast', 3, 8],
    ['AtLeast', 10, 10],
    ['Static', 10, 8],
  ] as const)('after several failures the fallback %s changes %i replicas to %i', (behavior, before, after) => {
    const group = new TestGroup(before, evenly(50), { fallback: { afterFailures: 3, behavior, replicas: 8 } });
    group.run(5);
    group.disturb = kafkaUnavailable;
    group.run(20);
    expect(group.replicas).toBe(before);
    expect(group.condition('FallbackActive')?.status).toBe('False');
    group.run(20);
    expect(group.replicas).toBe(after);
    expect(group.condition('FallbackActive')).toMatchObject({ status: 'True', reason: behavior });
  });

  test('minReplicas and maxReplicas still apply', () => {
    const group = new TestGroup(1, evenly(50), { minReplicas: 2 });
    group.disturb = kafkaUnavailable;
    expect(group.run(1).decision).toMatchObject({ to: 2, reason: 'OutOfBounds' });
  });
});
