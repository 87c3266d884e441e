import { describe, expect, test } from '@jest/globals';
import { shuffledBag } from './shuffled-rounds.ts';
import { faultNames, type Fault } from './fault-kinds.ts';
import { startInjector, type InjectorOptions } from './injector.ts';
import { createRandom } from './random.ts';

describe('the bag of faults', () => {
  test.each([1, 20_261_122, 4_000_000_000])('of seed %d gives each kind once before any again', (seed) => {
    const bag = shuffledBag(faultNames, createRandom(seed));
    for (let round = 0; round < 5; round += 1) {
      expect(faultNames.map(() => bag.draw()).toSorted()).toEqual(faultNames.toSorted());
      expect(bag.rounds).toBe(round + 1);
    }
  });

  test('gives the same sequence for the same seed, and another for another', () => {
    const sequence = (seed: number): string[] => {
      const bag = shuffledBag(faultNames, createRandom(seed));
      return Array.from({ length: 40 }, () => bag.draw());
    };
    expect(sequence(7)).toEqual(sequence(7));
    expect(sequence(7)).not.toEqual(sequence(8));
  });
});

/** A battlefield on which every act is written down, and nothing happens. */
function onPaper(faults: readonly Fault[]) {
  const acts: string[] = [];
  const engine = (name: string) => ({ start: async () => void acts.push(`start ${name}`) });
  const replica = (name: string, start: () => Promise<void> = async () => undefined) => ({
    name,
    kill: async (signal: string) => void acts.push(`${signal} ${name}`),
    start: async () => {
      acts.push(`start ${name}`);
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
    proxies: { kafka: { set: (mode: string) => acts.push(`proxy ${mode}`) } },
    random: createRandom(1),
    history: { add() {} },
    say() {},
    faults,
  } as unknown as InjectorOptions;
  return { acts, options };
}

describe('the injector', () => {
  test('starts everything again at the end, and tells what did not heal', async () => {
    const works: Fault = { name: 'kill a replica', inflict: async () => 'order-1' };
    const breaks: Fault = { name: 'kill the broker', inflict: async () => Promise.reject(new TypeError('undefined')) };
    const { acts, options } = onPaper([works, breaks]);
    const injector = startInjector(options);
    const failures = await injector.stop();
    expect(acts).toEqual([
      'proxy pass',
      'start kafka',
      'start mongo',
      'SIGCONT order-1',
      'start order-1',
      'SIGCONT payment-1',
      // A busy machine may need more than one try.
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
