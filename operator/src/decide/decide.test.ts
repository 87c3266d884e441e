import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { decide, initialState } from './decide.ts';
import { evenly, fixed, TestGroup, withGroup } from '../../test/test-group.ts';

describe('modes', () => {
  test('Observe reports the decision, and does not apply it', () => {
    const group = new TestGroup(1, evenly(450), { ...fixed(100), mode: 'Observe' });
    expect(group.run(40).decision).toMatchObject({ action: 'ScaleUp', to: 6, apply: false });
    expect(group.outcome?.status.desiredReplicas).toBe(6);
  });

  test('Paused keeps the replicas, even out of bounds', () => {
    const group = new TestGroup(20, evenly(450), { mode: 'Paused' });
    expect(group.run(100).decision).toMatchObject({ action: 'Hold', reason: 'Paused', to: 20 });
  });
});

describe('the status', () => {
  test('has the lag, its age, the hottest partition, the rates and the drain time', () => {
    const group = new TestGroup(2, [...evenly(90, 11), 30], { ...fixed(100), mode: 'Observe' });
    group.run(100);
    group.committedOffsets = group.committedOffsets.map((offset, partition) => offset - (partition === 3 ? 600 : 0));
    group.keepUp = true;
    group.run(2 * group.spec.pollSeconds);
    const { status } = group.reconcile();
    expect(status).toMatchObject({
      replicas: 2,
      capacityPerReplicaPerSecond: 100,
      partitions: { total: 12, canHelp: 12 },
    });
    expect(status.arrivalPerSecond).toBeCloseTo(120, 0);
    expect(status.lag?.hottestPartition).toBe('orders-3');
    expect(status.lag?.messages).toBeLessThanOrEqual(612);
    expect(status.lag?.lateMessages).toBeLessThan(status.lag?.messages ?? 0);
    // Partition 3 gets 8.2/s, so 600 records are the arrivals of 73 s.
    expect(Math.round(status.lag?.ageSeconds ?? 0)).toBe(73);
    expect(status.predictedDrainSeconds).toBeGreaterThan(0);
    expect(status.lastDecision).toMatchObject({
      atSeconds: group.atSeconds,
      message: expect.stringMatching(/records wait, 1\d\d\/s arrive/),
    });
    expect(status.conditions.map((one) => one.type)).toEqual([
      'LagKnown',
      'GroupStable',
      'Limited',
      'Effective',
      'FallbackActive',
    ]);
  });
});

describe('the state', () => {
  test('is the only memory: the decision has no clock, does no I/O and imports only its own folder', () => {
    const files = new Set(['./decide.ts']);
    for (const file of files) {
      const source = readFileSync(new URL(file, import.meta.url), 'utf8');
      expect(source).not.toMatch(/\bDate\b|Math\.random|\bprocess\.\w|\bperformance\b|\bfetch\(|\bawait\b/);
      for (const [, imported = ''] of source.matchAll(/ from '([^']+)'/g)) files.add(imported);
    }
    expect([...files].filter((file) => !file.startsWith('./'))).toEqual([]);
  });

  test('determines the outcome together with spec and observation, none of which is changed', () => {
    const group = new TestGroup(2, evenly(450));
    group.run(100);
    const [observation, state] = [group.observe(), group.outcome?.state ?? initialState(group.observe())];
    const copies = structuredClone([observation, state]);
    expect(decide(group.spec, observation, state)).toEqual(decide(group.spec, observation, state));
    expect([observation, state]).toEqual(copies);
  });

  test('starts from the capacity and the rebalance time in the status after a restart', () => {
    const group = new TestGroup(2, evenly(150));
    group.run(120);
    group.arrivalsPerSecond = evenly(350);
    group.run(300);
    const status = group.outcome?.status;
    const state = initialState(group.observe(), structuredClone(status));
    expect(state.capacityPerSecond).toBeCloseTo(100, 0);
    expect(state.settling.rebalanceSeconds).toBe(status?.rebalanceSeconds);
  });

  test('is plain data and does not grow with time', () => {
    const group = new TestGroup(2, evenly(150));
    group.run(1000);
    const size = JSON.stringify(group.outcome?.state).length;
    group.run(5000);
    expect(JSON.stringify(group.outcome?.state).length).toBeLessThan(1.1 * size);
    expect(structuredClone(group.outcome?.state)).toEqual(group.outcome?.state);
  });

  test('has the measured length of a rebalance', () => {
    const group = new TestGroup(1, evenly(300));
    const spec = group.spec;
    let outcome = decide(spec, group.observe(), initialState(group.observe()));
    const at = (seconds: number, replicas: number, change: object) => {
      group.atSeconds += seconds;
      group.replicas = replicas;
      outcome = decide(spec, withGroup(change)(group.observe()), outcome.state);
    };
    at(30, 1, {});
    at(2, 3, { members: [[]] });
    at(2, 3, { state: 'Rebalancing', members: [] });
    for (let index = 0; index < 12; index += 1) at(2, 3, { state: 'Rebalancing', members: [] });
    at(2, 3, {});
    expect(outcome.status.rebalanceSeconds).toBe(26);
    expect(outcome.state.settling.stepSeconds).toBeGreaterThanOrEqual(28);
  });
});
