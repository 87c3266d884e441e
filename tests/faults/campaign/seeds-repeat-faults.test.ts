import { expect, test } from '@jest/globals';
import { shuffledBag } from './shuffled-rounds.ts';
import { createFaults, faultNames, type Battlefield } from './fault-kinds.ts';
import { createRandom } from './random.ts';

/** A battlefield on which nothing is broken, and nothing heals if `act` rejects. */
function onPaper(act: () => Promise<void>): Battlefield {
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
  } as unknown as Battlefield;
}

/** Kind and detail of each fault, as the injector draws them. */
async function faultsOf(seed: number, act: () => Promise<void> = async () => undefined) {
  const random = createRandom(seed);
  const bag = shuffledBag(createFaults(onPaper(act), random), random);
  const faults: { name: string; detail: string }[] = [];
  while (bag.rounds < 5) {
    const { name, inflict } = bag.draw();
    const detail = await inflict(AbortSignal.abort()).catch(() => 'did not heal');
    // How long a restart took is measured, not drawn.
    faults.push({ name, detail: detail.replace(/after [\d.]+ s$/u, 'after a while') });
  }
  return faults;
}

test('the same seed inflicts the same faults in the same order; another seed inflicts others', async () => {
  const faults = await faultsOf(42);
  expect(faults).toHaveLength(5 * faultNames.length);
  expect(await faultsOf(42)).toEqual(faults);
  // A set of details each, because the order alone would differ with the seed.
  const details = (of: typeof faults) => new Set(of.map(({ detail }) => detail));
  expect(details(await faultsOf(43))).not.toEqual(details(faults));
});

test('what does not heal changes nothing of the faults that follow', async () => {
  const kinds = (of: Awaited<ReturnType<typeof faultsOf>>) => of.map(({ name }) => name);
  const broken = await faultsOf(42, async () => Promise.reject(new Error('not ready')));
  expect(kinds(broken)).toEqual(kinds(await faultsOf(42)));
});
