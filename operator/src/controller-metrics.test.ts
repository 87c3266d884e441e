import { expect, test } from '@jest/globals';
import { createMetrics } from '@order-pipeline/runtime';
import { ControllerMetrics } from './controller-metrics.ts';
import { createControllerRuntimeMetrics } from './controller-runtime-metrics.ts';
import { evenly, TestGroup } from '../test/test-group.ts';

const key = 'shop/payment';
function metricsOf() {
  const registry = createMetrics('consumer-scaler');
  const metrics = new ControllerMetrics(registry);
  const lines = async (pattern: RegExp) =>
    (await registry.metrics()).split('\n').filter((line) => pattern.test(line) && !line.startsWith('#'));
  return { registry, metrics, lines };
}
const about = /name="payment"/u;

test('a deleted resource has no series', async () => {
  const { metrics, lines } = metricsOf();
  const group = new TestGroup(2, evenly(150));
  metrics.decided(key, group.run(120), false);
  metrics.decided('shop/other', group.run(10), false);
  expect((await lines(about)).length).toBeGreaterThan(8);
  metrics.forget(key, 'all');
  expect(await lines(about)).toEqual([]);
  expect((await lines(/name="other"/u)).length).toBeGreaterThan(8);
});

test('a resource without a target has no series but its counted decisions', async () => {
  const { metrics, lines } = metricsOf();
  metrics.decided(key, new TestGroup(2, evenly(150)).run(120), false);
  metrics.forget(key, 'present');
  const left = await lines(about);
  expect(left).toHaveLength(1);
  expect(left[0]).toMatch(/^consumer_scaler_decisions_total\{.*reason=/u);
});

test('an unknown lag has no series, and lag_known is 0', async () => {
  const { metrics, lines } = metricsOf();
  const group = new TestGroup(2, evenly(150));
  metrics.decided(key, group.run(120), false);
  group.disturb = (observation) => ({ ...observation, kafka: { unavailable: 'connection refused' } });
  metrics.decided(key, group.run(10), false);
  expect(await lines(/^consumer_scaler_(lag_records|late_records|lag_age_seconds)/u)).toEqual([]);
  expect(await lines(/^consumer_scaler_lag_known.* 0$/u)).toHaveLength(1);
});

test('a condition is 1 if True, 0 if False, and has no series if Unknown', async () => {
  const { metrics, lines } = metricsOf();
  const condition = async (type: string) =>
    (await lines(new RegExp(`^consumer_scaler_condition\\{.*type="${type}"`, 'u'))).map((line) =>
      line.split(' ').at(-1),
    );
  const group = new TestGroup(2, evenly(150));
  metrics.decided(key, group.run(120), false);
  expect(await condition('GroupStable')).toEqual(['1']);
  expect(await condition('FallbackActive')).toEqual(['0']);
  group.disturb = (observation) => ({ ...observation, kafka: { unavailable: 'connection refused' } });
  metrics.decided(key, group.run(120), false);
  expect(await condition('GroupStable')).toEqual([]);
  expect(await condition('FallbackActive')).toEqual(['1']);
});

test('work in progress is measured under the names of controller-runtime', async () => {
  const { registry, lines } = metricsOf();
  const metrics = createControllerRuntimeMetrics(registry, 7);
  metrics.queue.added(1);
  metrics.queue.started(key, 0, 0.5);
  await new Promise((next) => setTimeout(next, 30));
  const value = async (name: string) => Number((await lines(new RegExp(`^${name}\\{`, 'u')))[0]?.split(' ').at(-1));
  expect(await value('controller_runtime_active_workers')).toBe(1);
  expect(await value('controller_runtime_max_concurrent_reconciles')).toBe(7);
  expect(await value('workqueue_unfinished_work_seconds')).toBeGreaterThan(0.02);
  expect(await value('workqueue_longest_running_processor_seconds')).toBeGreaterThan(0.02);
  metrics.queue.finished(key, 'requeue_after', 0.04);
  metrics.requested('GET', 'api:443', '200');
  expect(await value('controller_runtime_active_workers')).toBe(0);
  expect(await value('workqueue_unfinished_work_seconds')).toBe(0);
  const names = (await lines(/consumerscaler|rest_client/u)).map((line) => line.split('{')[0]!);
  for (const name of [
    'controller_runtime_reconcile_total',
    'controller_runtime_reconcile_time_seconds_bucket',
    'workqueue_depth',
    'workqueue_adds_total',
    'workqueue_queue_duration_seconds_bucket',
    'workqueue_work_duration_seconds_bucket',
    'rest_client_requests_total',
    'leader_election_master_status',
  ])
    expect(names).toContain(name);
});
