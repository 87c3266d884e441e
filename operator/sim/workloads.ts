import { seeded, type Random } from './random.ts';

/**
 * The workloads that the policies are compared on. Heights, times and lengths are drawn from the seed, so that a policy
 * tuned on one set of seeds meets different traffic in the held-out set. Both sets and the workloads were committed
 * before the policy was tuned.
 */
export type Workload = {
  readonly durationSeconds: number;
  readonly partitions: number;
  /** Records a second, over all partitions. */
  readonly arrivalPerSecond: (atSeconds: number) => number;
  /** The fraction of the arrivals that a partition gets; the fractions add up to 1. */
  readonly shareOf: (partition: number, atSeconds: number) => number;
  /** The limit of all replicas together, for example the throughput of their database. */
  readonly sharedLimitPerSecond?: (atSeconds: number) => number;
  /** Kafka is unavailable: nothing is read, consumed or produced; producers buffer their records and send them afterwards. */
  readonly outage?: { readonly fromSecond: number; readonly untilSecond: number };
  /**
   * Topics of events that follow from the first topic's records: the partitions are then those of 1 + `followers` topics of
   * equal size, the arrivals are the first topic's, and each of its records, once processed, adds one to each of the others.
   */
  readonly followers?: number;
  /** What a replica processes, and how long pods take to start and rebalances to finish, if not the usual times. */
  readonly replicaPerSecond?: number;
  readonly podStartSeconds?: readonly [number, number];
  readonly rebalanceSeconds?: readonly [number, number];
};

/** What a replica can process, in every workload. No policy knows it; the rates below are multiples of it. */
export const capacityPerSecond = 100;
export const trainingSeeds = [1, 2, 3, 4, 5];
export const heldOutSeeds = [1001, 1002, 1003, 1004, 1005];

const inReplicas = (replicas: number) => replicas * capacityPerSecond;

/** Keys hash unevenly: each partition's share is up to a quarter off the mean. */
function unevenShares(random: Random, partitions: number): (partition: number) => number {
  const weights = Array.from({ length: partitions }, () => random.between(0.75, 1.25));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (partition) => (weights[partition] ?? 0) / total;
}

const plateau = (low: number, high: number, fromSecond: number, lengthSeconds: number) => (atSeconds: number) =>
  atSeconds >= fromSecond && atSeconds < fromSecond + lengthSeconds ? high : low;

export const workloads: Record<string, { readonly about: string; readonly build: (random: Random) => Workload }> = {
  steady: {
    about: 'constant arrivals; starts with one replica',
    build: (random) => {
      const rate = inReplicas(random.between(2.2, 6.5));
      return {
        durationSeconds: 3600,
        partitions: 12,
        arrivalPerSecond: () => rate,
        shareOf: unevenShares(random, 12),
      };
    },
  },
  step: {
    about: 'arrivals jump to 4 to 8 replicas’ worth for half an hour',
    build: (random) => {
      const low = inReplicas(random.between(0.5, 1.5));
      const high = inReplicas(random.between(4, 8));
      return {
        durationSeconds: 5400,
        partitions: 12,
        arrivalPerSecond: plateau(low, high, random.between(900, 1500), random.between(1200, 1800)),
        shareOf: unevenShares(random, 12),
      };
    },
  },
  ramp: {
    about: 'half an hour up to 6 to 10 replicas’ worth, and down again',
    build: (random) => {
      const low = inReplicas(0.5);
      const high = inReplicas(random.between(6, 10));
      return {
        durationSeconds: 5400,
        partitions: 12,
        arrivalPerSecond: (atSeconds) =>
          low + (high - low) * Math.max(0, Math.min(1, atSeconds / 1800, (4500 - atSeconds) / 1800)),
        shareOf: unevenShares(random, 12),
      };
    },
  },
  diurnal: {
    about: 'a day with one peak of 6 to 9 replicas’ worth, 24 partitions',
    build: (random) => {
      const low = inReplicas(0.4);
      const high = inReplicas(random.between(6, 9));
      const shiftSeconds = random.between(0, 86_400);
      return {
        durationSeconds: 86_400,
        partitions: 24,
        arrivalPerSecond: (atSeconds) =>
          low + (high - low) * Math.sin((Math.PI * (atSeconds + shiftSeconds)) / 86_400) ** 2,
        shareOf: unevenShares(random, 24),
      };
    },
  },
  spikes: {
    about: 'every 10 to 20 minutes 4 to 10 replicas’ worth for 20 to 90 seconds',
    build: (random) => {
      const low = inReplicas(random.between(0.5, 1));
      const spikes: ((atSeconds: number) => number)[] = [];
      for (let at = random.between(600, 1200); at < 7200; at += random.between(600, 1200)) {
        spikes.push(plateau(0, inReplicas(random.between(4, 10)), at, random.between(20, 90)));
      }
      return {
        durationSeconds: 7200,
        partitions: 12,
        arrivalPerSecond: (atSeconds) => low + spikes.reduce((sum, spike) => sum + spike(atSeconds), 0),
        shareOf: unevenShares(random, 12),
      };
    },
  },
  'hot partition': {
    about: 'one partition alone gets 0.8 to 1.3 replicas’ worth for 10 to 20 minutes',
    build: (random) => {
      const base = inReplicas(random.between(2, 3.5));
      const hot = plateau(0, inReplicas(random.between(0.8, 1.3)), 900, random.between(600, 1200));
      const evenShare = unevenShares(random, 12);
      const arrivalPerSecond = (atSeconds: number) => base + hot(atSeconds);
      return {
        durationSeconds: 5400,
        partitions: 12,
        arrivalPerSecond,
        shareOf: (partition, atSeconds) =>
          (evenShare(partition) * base + (partition === 5 ? hot(atSeconds) : 0)) / arrivalPerSecond(atSeconds),
      };
    },
  },
  'slow database': {
    about: 'for 15 to 25 minutes the database sustains 1.2 to 1.8 replicas’ worth, for any number of replicas',
    build: (random) => {
      const slow = plateau(Infinity, inReplicas(random.between(1.2, 1.8)), 900, random.between(900, 1500));
      return {
        durationSeconds: 7200,
        partitions: 12,
        arrivalPerSecond: plateau(inReplicas(random.between(0.5, 0.8)), inReplicas(random.between(2, 3)), 900, 1800),
        shareOf: unevenShares(random, 12),
        sharedLimitPerSecond: slow,
      };
    },
  },
  'broker outage': {
    about: 'Kafka is unavailable for 2 to 5 minutes under 2 to 4 replicas’ worth',
    build: (random) => {
      const rate = inReplicas(random.between(2, 4));
      return {
        durationSeconds: 3600,
        partitions: 12,
        arrivalPerSecond: () => rate,
        shareOf: unevenShares(random, 12),
        outage: { fromSecond: 1500, untilSecond: Math.round(1500 + random.between(120, 300)) },
      };
    },
  },
  'prime partitions': {
    about: '7, 11, 13, 17 or 23 partitions; a step that needs 35 to 60 % of them',
    build: (random) => {
      const partitions = [7, 11, 13, 17, 23][Math.floor(random.between(0, 5))] ?? 13;
      const high = inReplicas(partitions * random.between(0.35, 0.6));
      return {
        durationSeconds: 4500,
        partitions,
        arrivalPerSecond: plateau(inReplicas(1), high, random.between(600, 1200), 1500),
        shareOf: unevenShares(random, partitions),
      };
    },
  },
};

/** Each workload has its own random numbers, so that adding a workload changes no other. */
export function buildWorkload(name: string, seed: number): Workload {
  const family = workloads[name];
  if (family === undefined) throw new Error(`there is no workload ${name}`);
  return family.build(seeded(seed * 97 + Buffer.from(name).reduce((sum, byte) => sum + byte, 0)));
}
