import { describe, expect, test } from '@jest/globals';
import { defaultSpec } from './decide.ts';
import { busiestMemberPerSecond, drainSeconds, fewestReplicas, neededPerSecond } from './demand.ts';
import { assignedTo, evenly, fixed, TestGroup } from '../../test/test-group.ts';

describe('the number of replicas', () => {
  test('is that of the worked example in docs/scaling.md', () => {
    const partitions = evenly(360).map((arrivalPerSecond) => ({ topic: 'orders', lag: 18_000 / 12, arrivalPerSecond }));
    const demand = {
      partitions,
      capacityPerSecond: 100,
      drainSeconds: 300,
      utilization: 0.85,
      rebalanceSeconds: 10,
      assignor: 'RoundRobinAssigner',
      membersPerReplica: 1,
    };
    const total = partitions.reduce((sum, partition) => sum + neededPerSecond(partition, demand, true), 0);
    expect(total).toBeCloseTo(495.5, 1);
    const busiest = [3, 4, 5, 6, 12].map((replicas) => Math.round(busiestMemberPerSecond(demand, replicas, true)));
    expect(busiest).toEqual([165, 124, 124, 83, 41]);
    expect(fewestReplicas(demand, 1, 12)).toBe(6);
    expect(drainSeconds(demand, 6, true)).toBe(90);
    const drained = {
      ...demand,
      partitions: evenly(360).map((arrivalPerSecond) => ({ topic: 'orders', lag: 0, arrivalPerSecond })),
    };
    expect(fewestReplicas(drained, 6, 12)).toBe(6);
    const quieter = {
      ...demand,
      partitions: evenly(300).map((arrivalPerSecond) => ({ topic: 'orders', lag: 0, arrivalPerSecond })),
    };
    expect(fewestReplicas(quieter, 6, 12)).toBe(4);
  });

  test('is reached in one step, with the capacity of the saturated replica', () => {
    const group = new TestGroup(1, evenly(50));
    group.run(300);
    group.arrivalsPerSecond = evenly(450);
    group.run(120);
    expect(group.changes).toMatchObject([{ from: 1, to: 6, reason: 'BehindObjective' }]);
    expect(Math.abs((group.outcome?.status.capacityPerReplicaPerSecond ?? 0) - 100)).toBeLessThan(2);
  });

  test('drains the backlog within drainSeconds', () => {
    const group = new TestGroup(1, evenly(200), { objective: { ...defaultSpec.objective, drainSeconds: 120 } });
    group.committedOffsets = group.committedOffsets.map((offset) => offset - 1000);
    while (group.replicas === 1) group.run(10);
    const seconds = [...Array(40).keys()].find(() => {
      group.run(10);
      return group.lag < 600;
    });
    expect((seconds ?? Infinity) * 10).toBeLessThanOrEqual(120);
    expect(group.changes[0]?.message).toMatch(/1 would never drain them, \d+ would take \d+ s/);
  });

  test('depends on the busiest member: 7 replicas process 12 partitions no faster than 6', () => {
    const group = new TestGroup(7, evenly(450), fixed(100));
    group.run(400);
    expect(group.changes).toMatchObject([{ from: 7, to: 6, reason: 'LessNeeded' }]);
  });

  test('isolates a hot partition with no further replicas, and the condition Limited names it', () => {
    const arrivals = [...evenly(60, 11), 300];
    const group = new TestGroup(1, arrivals, fixed(100));
    group.run(600);
    // With 12 partitions on 4 replicas, the hot one shares its replica with two that need almost nothing.
    expect(group.replicas).toBeLessThanOrEqual(4);
    expect(group.condition('Limited')).toMatchObject({
      status: 'True',
      reason: 'HotPartition',
      message: expect.stringContaining('orders-11'),
    });
  });

  test('excludes partitions without arrivals or lag', () => {
    const group = new TestGroup(1, [400, 400, 400, ...evenly(0, 9)], fixed(100));
    group.run(300);
    expect(group.replicas).toBe(3);
    expect(group.outcome?.status.partitions).toEqual({ total: 12, canHelp: 3 });
    expect(group.condition('Limited')?.reason).toBe('AtPartitions');
  });

  test('never exceeds the partitions, even if another client sets it higher', () => {
    const group = new TestGroup(20, evenly(4000));
    group.run(30);
    expect(group.changes).toMatchObject([{ from: 20, to: 12, reason: 'OutOfBounds' }]);
    group.run(600);
    expect(group.replicas).toBe(12);
  });

  test('is limited by maxReplicas, and the condition Limited reports it', () => {
    const group = new TestGroup(1, evenly(900), { ...fixed(100), maxReplicas: 4 });
    group.run(300);
    expect(group.replicas).toBe(4);
    expect(group.condition('Limited')?.reason).toBe('AtMax');
  });

  test('counts pods, also if each pod runs several members', () => {
    const group = new TestGroup(2, evenly(900), fixed(300));
    group.disturb = (observation) => assignedTo(3 * group.replicas)(observation);
    group.capacityPerSecond = 300;
    group.run(300);
    expect(group.replicas).toBe(4);
  });
});

describe('a step up that brought less than a tenth of the predicted throughput', () => {
  test('prevents further steps, is reverted, and the condition Effective names a shared bottleneck', () => {
    const group = new TestGroup(2, evenly(150));
    group.run(120);
    group.arrivalsPerSecond = evenly(350);
    group.sharedLimitPerSecond = 200;
    group.run(1500);
    expect(group.changes.map(({ to, reason }) => [to, reason])).toEqual([
      [6, 'BehindObjective'],
      [2, 'Ineffective'],
    ]);
    expect(group.condition('Effective')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('database'),
    });
    expect(group.outcome?.decision.reason).toBe('Ineffective');
  });

  test('is retried once the bottleneck has disappeared', () => {
    const group = new TestGroup(2, evenly(150));
    group.run(120);
    group.arrivalsPerSecond = evenly(350);
    group.sharedLimitPerSecond = 120;
    group.run(900);
    expect(group.condition('Effective')?.status).toBe('False');
    group.sharedLimitPerSecond = Infinity;
    group.run(200);
    expect(group.condition('Effective')?.status).toBe('True');
    expect(group.replicas).toBeGreaterThan(2);
  });

  test('does not lower the learned capacity', () => {
    const group = new TestGroup(2, evenly(150));
    group.run(120);
    group.arrivalsPerSecond = evenly(350);
    group.sharedLimitPerSecond = 200;
    while (group.condition('Effective')?.status !== 'False') group.run(10);
    expect(group.replicas).toBe(6);
    group.run(100);
    expect(group.outcome?.status.capacityPerReplicaPerSecond).toBeGreaterThan(90);
  });
});
