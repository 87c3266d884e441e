import { expect, test } from '@jest/globals';
import { everyService } from '@order-pipeline/events';
import type { GroupObserver } from '@order-pipeline/kafka';
import { OutageError, quietLogger } from '@order-pipeline/resilience';
import { GroupMonitor, type ReplicaSource } from './group-monitor.ts';

const reachable: GroupObserver = {
  groups: async (ids) => ids.map((group) => ({ group, state: 'Stable', members: [] })),
  ranges: async () => [{ partition: 0, low: 0n, end: 7n }],
  committed: async (_, topics) => new Map(topics.map((topic) => [topic, new Map([[0, 4n]])])),
  brokers: async () => ({ count: 1, clusterId: 'c' }),
  stop: async () => {},
};

const monitorOf = (observer: GroupObserver, replicaSource?: ReplicaSource) =>
  new GroupMonitor({
    observer,
    repository: { timeAt: async () => new Date(Date.now() - 5_000) },
    entries: [everyService.payment, everyService.shipment],
    replicaSource,
    logger: quietLogger,
  });

test('shows what Kafka reports although the ConsumerScalers cannot be read', async () => {
  const forbidden = { read: () => Promise.reject(new Error('the API server responds 403')) };
  const { groups, replicas_problem } = await monitorOf(reachable, forbidden).read();
  expect(replicas_problem).toBe('The ConsumerScalers cannot be read: the API server responds 403');
  expect(groups.map(({ group, replicas }) => [group, replicas])).toEqual([
    ['payment-service', null],
    ['shipment-service', null],
  ]);
  expect(groups[0]?.topics[0]?.partitions[0]).toMatchObject({ lag: 3, committed: '4', end: '7' });
  expect(groups[0]?.topics[0]?.partitions[0]?.lag_seconds).toBeCloseTo(5, 0);
});

test('shows the replicas of the groups that have a scaler', async () => {
  const replicas = { wanted: 3, had: 1, reason: 'BehindObjective', message: null };
  const source = { read: async () => new Map([['payment-service', replicas]]) };
  const view = await monitorOf(reachable, source).read();
  expect(view.replicas_problem).toBeNull();
  expect(view.groups.map(({ replicas }) => replicas)).toEqual([replicas, null]);
});

test('reports an outage while Kafka is unreachable, even if the ConsumerScalers can be read', async () => {
  const unreachable = { ...reachable, ranges: () => Promise.reject(new OutageError('kafka', new Error('no broker'))) };
  const source = { read: async () => new Map() };
  await expect(monitorOf(unreachable, source).read()).rejects.toMatchObject({ name: 'OutageError' });
});
