import { describe, expect, test } from '@jest/globals';
import { evenly, fixed, TestGroup } from '../../test/test-group.ts';

describe('the group scales down', () => {
  test('to the maximum of the window, and not before the window has passed', () => {
    const group = new TestGroup(12, evenly(900), fixed(100));
    group.run(200);
    group.arrivalsPerSecond = evenly(280);
    group.run(150);
    expect(group.outcome?.decision).toMatchObject({ action: 'Hold', reason: 'WaitingForWindow' });
    group.run(150);
    expect(group.changes).toMatchObject([{ from: 12, to: 4, reason: 'LessNeeded' }]);
  });

  test('not to the number of busy partitions if the assignment would put them on one replica', () => {
    // Round-robin: partitions 0 and 6 have the same owner with 1, 2, 3 or 6 replicas; 4 replicas separate them.
    const group = new TestGroup(12, [80, 0, 0, 0, 0, 0, 80, 0, 0, 0, 0, 0], fixed(100));
    group.run(600);
    expect(group.changes).toMatchObject([{ from: 12, to: 4, reason: 'LessNeeded' }]);
  });

  test('with hysteresis: nothing changes between the target utilization and the full capacity', () => {
    for (const perSecond of [360, 420, 480, 540, 590]) {
      const group = new TestGroup(6, evenly(perSecond), fixed(100));
      group.run(1200);
      expect([perSecond, group.replicas]).toEqual([perSecond, 6]);
    }
  });

  test('one class at a time until a replica is saturated', () => {
    const group = new TestGroup(12, evenly(250));
    group.run(3000);
    expect(group.changes.map(({ to, reason }) => [to, reason])).toEqual([
      [6, 'Exploring'],
      [4, 'Exploring'],
      [3, 'Exploring'],
      [2, 'Exploring'],
      [4, 'BehindObjective'],
    ]);
  });
});

describe('a group at zero replicas', () => {
  const scaleToZero = { minReplicas: 0, activationLag: 5, ...fixed(100) };

  test('follows from no arrivals and no lag, and is activated with the number that it needs', () => {
    const group = new TestGroup(2, evenly(0), scaleToZero);
    group.run(600);
    expect(group.changes.at(-1)).toMatchObject({ to: 0, reason: 'Idle' });
    group.arrivalsPerSecond = evenly(250);
    group.run(20);
    expect(group.changes.at(-1)).toMatchObject({ from: 0, to: 4, reason: 'Activated' });
  });

  test('is not activated by up to activationLag records', () => {
    const group = new TestGroup(0, evenly(0), scaleToZero);
    group.endOffsets = group.endOffsets.map((end, partition) => end + (partition < 5 ? 1 : 0));
    expect(group.run(300).decision).toMatchObject({ action: 'Hold', reason: 'Idle' });
    group.endOffsets = group.endOffsets.map((end) => end + 1);
    expect(group.run(10).decision.to).toBe(1);
  });

  test('needs offsetReset earliest, or it would miss the records that arrive', () => {
    const group = new TestGroup(1, evenly(0), { ...scaleToZero, offsetReset: 'latest' });
    group.run(900);
    expect(group.replicas).toBe(1);
  });

  test('is not prevented by a commit marker at the end of each partition', () => {
    const group = new TestGroup(1, evenly(0), scaleToZero);
    group.endOffsets = group.endOffsets.map((end) => end + 1);
    group.capacityPerSecond = 0;
    group.run(900);
    expect(group.replicas).toBe(0);
  });
});
