import { describe, expect, test } from '@jest/globals';
import { defaultSpec } from './decide.ts';
import { assignedTo, evenly, fixed, TestGroup, withGroup } from '../../test/test-group.ts';

describe('the replicas stay', () => {
  test('while the backlog drains before any record is too old', () => {
    const group = new TestGroup(2, evenly(180), fixed(100));
    group.run(100);
    group.endOffsets = group.endOffsets.map((end) => end + 400);
    group.run(20);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'WithinObjective' });
  });

  test('when a step would save less time than its rebalance costs', () => {
    const group = new TestGroup(2, evenly(170), {
      ...fixed(100),
      objective: { ...defaultSpec.objective, maxAgeSeconds: 1, drainSeconds: 20 },
    });
    group.run(100);
    group.endOffsets = group.endOffsets.map((end) => end + 80);
    group.run(20);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'NotWorthRebalance' });
  });

  test('when the new replicas would come after most of the backlog has drained', () => {
    const group = new TestGroup(2, evenly(12), {
      ...fixed(100),
      objective: { ...defaultSpec.objective, maxAgeSeconds: 1, drainSeconds: 20 },
    });
    group.run(100);
    group.committedOffsets = group.committedOffsets.map((offset) => offset - 815);
    // Two replicas take 52 s. After 40 s six replicas consume, which take 17 s for all of it: that saves 8 s and costs 10 s.
    expect(group.reconcile().decision).toMatchObject({ action: 'Hold', reason: 'NotWorthRebalance' });
    group.committedOffsets = group.committedOffsets.map((offset) => offset - 400);
    expect(group.reconcile().decision).toMatchObject({ action: 'ScaleUp', to: 12 });
  });

  test('while the group rebalances', () => {
    const group = new TestGroup(1, evenly(900), fixed(100));
    group.disturb = withGroup({ state: 'Rebalancing', members: [] });
    group.run(300);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'GroupRebalancing' });
    expect(group.condition('GroupStable')?.status).toBe('False');
    expect(group.outcome?.requeueAfterSeconds).toBe(2);
  });

  test('while surplus members of a rollout, or of a pod that is leaving, may be several consumers per pod', () => {
    const group = new TestGroup(1, evenly(10), fixed(200));
    group.disturb = (observation) => ({
      ...assignedTo(2)(observation),
      workload: { replicas: 1, rolloutInProgress: true },
    });
    group.run(10);
    group.disturb = (observation) => observation;
    group.run(60);
    expect(group.outcome?.decision.reason).toBe('OnTarget');
    // Without a rollout a pod that is leaving counts as a second consumer per pod, for a minute.
    const leaving = new TestGroup(1, evenly(10), fixed(200));
    leaving.disturb = assignedTo(2);
    leaving.run(10);
    leaving.disturb = (observation) => observation;
    leaving.run(30);
    expect(leaving.outcome?.decision.reason).toBe('WaitingForMembers');
    leaving.run(60);
    expect(leaving.outcome?.decision.reason).toBe('OnTarget');
  });

  test('while a rollout is in progress, for at most twenty minutes', () => {
    const group = new TestGroup(1, evenly(900), fixed(100));
    group.disturb = (observation) => ({
      ...observation,
      workload: { replicas: group.replicas, rolloutInProgress: true },
    });
    group.run(300);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'RolloutInProgress' });
    // A stuck rollout, or a permanent canary, no longer blocks scaling after twenty minutes.
    group.run(880);
    expect(group.replicas).toBe(1);
    group.run(60);
    expect(group.replicas).toBe(12);
  });

  test('until the group has been stable for settleSeconds', () => {
    const group = new TestGroup(1, evenly(900), {
      ...fixed(100),
      behavior: { ...defaultSpec.behavior, settleSeconds: 60 },
    });
    expect(group.run(50).decision).toMatchObject({ action: 'Hold', reason: 'Settling' });
    expect(group.run(50).state.settling.replicas).toBeGreaterThan(1);
  });

  test('while replicas have not joined, and no longer than the limit', () => {
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
    // There is no room for four: five would not help. Fewer are still possible.
    expect(group.run(200).decision).toMatchObject({ action: 'Hold', reason: 'WaitingForMembers', to: 4 });
    group.arrivalsPerSecond = evenly(10);
    group.committedOffsets = [...group.endOffsets];
    group.run(900);
    expect(group.replicas).toBe(1);
  });

  test('while no member makes progress', () => {
    const group = new TestGroup(2, evenly(100), fixed(100));
    group.run(100);
    group.capacityPerSecond = 0;
    expect(group.run(120).decision).toMatchObject({ action: 'Hold', reason: 'Stalled' });
  });

  test('until the new level of the arrivals is known, so one step suffices', () => {
    const group = new TestGroup(1, evenly(50), fixed(100));
    group.run(200);
    group.arrivalsPerSecond = evenly(550);
    // Only two seconds of the jump: the mean of the interval would require two replicas.
    group.run(2);
    group.reconcile();
    group.run(20);
    expect(group.changes).toMatchObject([{ from: 1, to: 12 }]);
  });
});
