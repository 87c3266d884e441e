import { describe, expect, test } from '@jest/globals';
import { shuffledRounds } from './shuffled-rounds.ts';
import { faultNames, type Fault } from './fault-kinds.ts';
import { startInjector, type InjectorOptions } from './injector.ts';
import { createRandom } from './random.ts';

describe('the sequence of faults', () => {
  test.each([1, 20_261_122, 4_000_000_000])('of seed %d has each kind once per round', (seed) => {
    const draws = shuffledRounds(faultNames, createRandom(seed));
    for (let round = 0; round < 5; round += 1) {
      expect(faultNames.map(() => draws.draw()).toSorted()).toEqual(faultNames.toSorted());
      expect(draws.rounds).toBe(round + 1);
    }
  });

  test('is the same for the same seed, and differs for another', () => {
    const sequence = (seed: number): string[] => {
      const draws = shuffledRounds(faultNames, createRandom(seed));
      return Array.from({ length: 40 }, () => draws.draw());
    };
    expect(sequence(7)).toEqual(sequence(7));
    expect(sequence(7)).not.toEqual(sequence(8));
  });
});

/** Targets that record every action and do nothing. */
function recordedTargets(faults: readonly Fault[]) {
  const actions: string[] = [];
  const engine = (name: string) => ({ start: async () => void actions.push(`start ${name}`) });
  const replica = (name: string, start: () => Promise<void> = async () => undefined) => ({
    name,
    kill: async (signal: string) => void actions.push(`${signal} ${name}`),
    start: async () => {
      actions.push(`start ${name}`);
      await start();
    },
  });
  const fails = async (): Promise<void> => Promise.reject(new Error('not ready'));
  const options = {
    pipeline: {
      services: { order: [replica('order-1')], payment: [replica('payment-1', fails)], inventory: [], shipment: [] },
    },
    kafka: engine('kafka'),
    mongo: engine('mongo'),
    proxies: { kafka: { set: (mode: string) => actions.push(`proxy ${mode}`) } },
    random: createRandom(1),
    history: { add() {} },
    say() {},
    faults,
  } as unknown as InjectorOptions;
  return { actions, options };
}

describe('the injector', () => {
  test('restarts everything at the end, and reports what did not heal', async () => {
    const works: Fault = { name: 'kill a replica', inflict: async () => 'order-1' };
    const breaks: Fault = { name: 'kill the broker', inflict: async () => Promise.reject(new TypeError('undefined')) };
    const { actions, options } = recordedTargets([works, breaks]);
    const injector = startInjector(options);
    const failures = await injector.stop();
    expect(actions).toEqual([
      'proxy pass',
      'start kafka',
      'start mongo',
      'SIGCONT order-1',
      'start order-1',
      'SIGCONT payment-1',
      // A busy machine may need more than one attempt.
      'start payment-1',
      'start payment-1',
      'start payment-1',
    ]);
    expect(new Set(failures)).toEqual(
      new Set(['kill the broker did not heal: TypeError: undefined', 'payment-1 did not heal: Error: not ready']),
    );
    expect(injector.counts()['kill a replica']).toBeGreaterThan(0);
    expect(injector.counts()['kill the broker']).toBeUndefined();
  });
});
