import { describe, expect, test } from '@jest/globals';
import { defaultSpec, type Observation } from './decide.ts';
import { dealtTo, evenly, fixed, TestGroup, withGroup } from '../../test/test-group.ts';

const kafkaAway = (observation: Observation) => ({ ...observation, kafka: { unavailable: 'connection refused' } });

describe('when not to change', () => {
  test('a backlog that is gone before anything in it is too old is within the objective', () => {
    const group = new TestGroup(2, evenly(180), fixed(100));
    group.run(100);
    group.endOffsets = group.endOffsets.map((end) => end + 400);
    group.run(20);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'WithinObjective' });
  });

  test('a step that saves less time than its rebalance costs is not made', () => {
    const group = new TestGroup(2, evenly(170), {
      ...fixed(100),
      objective: { ...defaultSpec.objective, maxAgeSeconds: 1, drainSeconds: 20 },
    });
    group.run(100);
    group.endOffsets = group.endOffsets.map((end) => end + 80);
    group.run(20);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'NotWorthRebalance' });
  });

  test('nor is one whose replicas come when most of the work is done', () => {
    const group = new TestGroup(2, evenly(12), {
      ...fixed(100),
      objective: { ...defaultSpec.objective, maxAgeSeconds: 1, drainSeconds: 20 },
    });
    group.run(100);
    group.committedOffsets = group.committedOffsets.map((offset) => offset - 815);
    // Two take 52 s, and 40 s of that pass before six work, who take 17 s for all of it: that saves 8 s, and costs 10 s.
    expect(group.look().decision).toMatchObject({ action: 'Hold', reason: 'NotWorthRebalance' });
    group.committedOffsets = group.committedOffsets.map((offset) => offset - 400);
    expect(group.look().decision).toMatchObject({ action: 'ScaleUp', to: 12 });
  });

  test('no decision while the group rebalances', () => {
    const group = new TestGroup(1, evenly(900), fixed(100));
    group.disturb = withGroup({ state: 'Rebalancing', members: [] });
    group.run(300);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'GroupRebalancing' });
    expect(group.condition('GroupStable')?.status).toBe('False');
    expect(group.outcome?.lookAgainSeconds).toBe(2);
  });

  test('the surplus members of a rollout at the first look do not count as several in each pod', () => {
    const group = new TestGroup(1, evenly(10), fixed(200));
    group.disturb = (observation) => ({
      ...dealtTo(2)(observation),
      workload: { replicas: 1, rolloutInProgress: true },
    });
    group.run(10);
    group.disturb = (observation) => observation;
    group.run(60);
    expect(group.outcome?.decision.reason).toBe('OnTarget');
    // A pod that is leaving while nothing rolls out is taken for a second consumer, for a minute.
    const leaving = new TestGroup(1, evenly(10), fixed(200));
    leaving.disturb = dealtTo(2);
    leaving.run(10);
    leaving.disturb = (observation) => observation;
    leaving.run(30);
    expect(leaving.outcome?.decision.reason).toBe('WaitingForMembers');
    leaving.run(60);
    expect(leaving.outcome?.decision.reason).toBe('OnTarget');
  });

  test('no decision while a rollout is under way, unless it never ends', () => {
    const group = new TestGroup(1, evenly(900), fixed(100));
    group.disturb = (observation) => ({
      ...observation,
      workload: { replicas: group.replicas, rolloutInProgress: true },
    });
    group.run(300);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'RolloutInProgress' });
    // One that is stuck, or a canary that is to stay, is lived with after twenty minutes.
    group.run(880);
    expect(group.replicas).toBe(1);
    group.run(60);
    expect(group.replicas).toBe(12);
  });

  test('no decision while things settle', () => {
    const group = new TestGroup(1, evenly(900), {
      ...fixed(100),
      behavior: { ...defaultSpec.behavior, settleSeconds: 60 },
    });
    expect(group.run(50).decision).toMatchObject({ action: 'Hold', reason: 'Settling' });
    expect(group.run(50).state.settling.replicas).toBeGreaterThan(1);
  });

  test('replicas that have not joined are waited for, but not for ever', () => {
    const group = new TestGroup(4, evenly(900), fixed(100));
    const two = group.owners().reduce(
      (members: string[][], owner, partition) => {
        members[owner % 2]?.push(`orders-${partition}`);
        return members;
      },
      [[], []],
    );
    group.disturb = withGroup({ members: two.slice(0, 1) });
    expect(group.run(290).decision.reason).toBe('WaitingForMembers');
    // No room for the four: five would not help. Fewer are still possible.
    expect(group.run(200).decision).toMatchObject({ action: 'Hold', reason: 'WaitingForMembers', to: 4 });
    group.arrivalsPerSecond = evenly(10);
    group.committedOffsets = [...group.endOffsets];
    group.run(900);
    expect(group.replicas).toBe(1);
  });

  test('what stands still is not helped by more replicas', () => {
    const group = new TestGroup(2, evenly(100), fixed(100));
    group.run(100);
    group.capacityPerSecond = 0;
    expect(group.run(120).decision).toMatchObject({ action: 'Hold', reason: 'Stalled' });
  });

  test('a jump of the arrivals is looked at twice, so that one step suffices', () => {
    const group = new TestGroup(1, evenly(50), fixed(100));
    group.run(200);
    group.arrivalsPerSecond = evenly(550);
    // Two seconds of the jump only: the mean of the interval would call for two replicas.
    group.run(2);
    group.look();
    group.run(20);
    expect(group.changes).toMatchObject([{ from: 1, to: 12 }]);
  });
});

describe('unknown is never zero', () => {
  test.each([
    ['Kafka away', kafkaAway],
    [
      'a partition absent from the reply',
      (observation: Observation) =>
        'unavailable' in observation.kafka
          ? observation
          : { ...observation, kafka: { ...observation.kafka, partitions: observation.kafka.partitions.slice(1) } },
    ],
    [
      'an offset missing',
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
  ])('%s: hold, and say so', (_, disturb) => {
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
  ] as const)('after some failures the fallback %s makes of %i replicas %i', (behavior, before, after) => {
    const group = new TestGroup(before, evenly(50), { fallback: { afterFailures: 3, behavior, replicas: 8 } });
    group.run(5);
    group.disturb = kafkaAway;
    group.run(20);
    expect(group.replicas).toBe(before);
    expect(group.condition('FallbackActive')?.status).toBe('False');
    group.run(20);
    expect(group.replicas).toBe(after);
    expect(group.condition('FallbackActive')).toMatchObject({ status: 'True', reason: behavior });
  });

  test('minReplicas and maxReplicas hold all the same', () => {
    const group = new TestGroup(1, evenly(50), { minReplicas: 2 });
    group.disturb = kafkaAway;
    expect(group.run(1).decision).toMatchObject({ to: 2, reason: 'OutOfBounds' });
  });
});
