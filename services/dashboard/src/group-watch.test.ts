import { expect, test } from '@jest/globals';
import { everyService } from '@order-pipeline/events';
import type { GroupObserver } from '@order-pipeline/kafka';
import { createGroupWatch, type ReplicaSource } from './group-watch.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

const calm: GroupObserver = {
  groups: async (ids) => ids.map((group) => ({ group, state: 'Stable', members: [] })),
  ranges: async () => [{ partition: 0, low: 0n, end: 7n }],
  committed: async (_, topics) => new Map(topics.map((topic) => [topic, new Map([[0, 4n]])])),
  brokers: async () => ({ count: 1, clusterId: 'c' }),
  stop: async () => {},
};

const watchOf = (observer: GroupObserver, replicaSource?: ReplicaSource) =>
  createGroupWatch({
    observer,
    repository: { timeAt: async () => new Date(Date.now() - 5_000) },
    entries: [everyService.payment, everyService.shipment],
    replicaSource,
    logger,
  });

test('a scaler that cannot be read is missing by itself: Kafka’s part is shown all the same', async () => {
  const away = { read: () => Promise.reject(new Error('the API server answers 403')) };
  const { groups, replicas_problem } = await watchOf(calm, away).read();
  expect(replicas_problem).toBe("The scaler's resources cannot be read: the API server answers 403");
  expect(groups.map(({ group, replicas }) => [group, replicas])).toEqual([
    ['payment-service', null],
    ['shipment-service', null],
  ]);
  expect(groups[0]?.topics[0]?.partitions[0]).toMatchObject({ lag: 3, committed: '4', end: '7' });
  expect(groups[0]?.topics[0]?.partitions[0]?.lag_seconds).toBeCloseTo(5, 0);
});

test('a group’s replicas are those of the scaler that has it', async () => {
  const replicas = { wanted: 3, had: 1, reason: 'BehindObjective', message: null };
  const source = { read: async () => new Map([['payment-service', replicas]]) };
  const view = await watchOf(calm, source).read();
  expect(view.replicas_problem).toBeNull();
  expect(view.groups.map(({ replicas }) => replicas)).toEqual([replicas, null]);
});

test('Kafka away is an outage, whatever the scaler says', async () => {
  const away = { ...calm, ranges: () => Promise.reject(new Error('no broker')) };
  const source = { read: async () => new Map() };
  await expect(watchOf(away, source).read()).rejects.toMatchObject({ name: 'OutageError' });
});
