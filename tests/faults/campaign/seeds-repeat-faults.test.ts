import { expect, test } from '@jest/globals';
import { shuffledRounds } from './shuffled-rounds.ts';
import { createFaults, faultNames, type Targets } from './fault-kinds.ts';
import { createRandom } from './random.ts';

/** Targets that break nothing; nothing heals if `act` rejects. */
function fakeTargets(act: () => Promise<void>): Targets {
  const replica = (name: string) => ({ name, kill: act, start: act });
  const services: Record<string, unknown[]> = {
    order: ['order-1', 'order-2'].map(replica),
    payment: ['payment-1', 'payment-2'].map(replica),
    inventory: ['inventory-1', 'inventory-2', 'inventory-3'].map(replica),
    shipment: ['shipment-1', 'shipment-2'].map(replica),
  };
  const engine = { kill: act, start: act };
  const proxy = { set() {}, cut() {}, halfClose() {} };
  return {
    pipeline: {
      services,
      async addReplica(service: string) {
        services[service]!.push(replica(`${service}-${services[service]!.length + 1}`));
        await act();
      },
      async removeReplica(service: string) {
        services[service]!.pop();
        await act();
      },
    },
    kafka: engine,
    mongo: engine,
    proxies: { kafka: proxy, mongo: proxy },
    kafkaClient: { producer: () => ({ connect: act, send: act, disconnect: act }) },
    sessionTimeoutMs: 6_000,
  } as unknown as Targets;
}

/** Kind and detail of each fault, in the order in which the injector draws them. */
async function faultsOf(seed: number, act: () => Promise<void> = async () => undefined) {
  const random = createRandom(seed);
  const draws = shuffledRounds(createFaults(fakeTargets(act), random), random);
  const faults: { name: string; detail: string }[] = [];
  while (draws.rounds < 5) {
    const { name, inflict } = draws.draw();
    const detail = await inflict(AbortSignal.abort()).catch(() => 'did not heal');
    // How long a restart took is measured, not drawn.
    faults.push({ name, detail: detail.replace(/after [\d.]+ s$/u, 'after some time') });
  }
  return faults;
}

test('the same seed injects the same faults in the same order, another seed others', async () => {
  const faults = await faultsOf(42);
  expect(faults).toHaveLength(5 * faultNames.length);
  expect(await faultsOf(42)).toEqual(faults);
  // Compared as sets, because another order alone would make the lists differ.
  const details = (of: typeof faults) => new Set(of.map(({ detail }) => detail));
  expect(details(await faultsOf(43))).not.toEqual(details(faults));
});

test('a fault that does not heal changes none of the faults that follow', async () => {
  const kinds = (of: Awaited<ReturnType<typeof faultsOf>>) => of.map(({ name }) => name);
  const broken = await faultsOf(42, async () => Promise.reject(new Error('not ready')));
  expect(kinds(broken)).toEqual(kinds(await faultsOf(42)));
});
