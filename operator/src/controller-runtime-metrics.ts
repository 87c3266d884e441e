/**
 * The metrics that controller-runtime and client-go give to every controller, with their names and labels, so that
 * dashboards for those work here. Metrics of Go and of what this operator does not have (webhooks, panics) are left out.
 */
import { Counter, Gauge, Histogram, type Registry } from '@order-pipeline/runtime';
import type { RequestObserver } from './kube/api-client.ts';
import type { QueueObserver } from './kube/work-queue.ts';

export interface ControllerRuntimeMetrics {
  readonly queue: QueueObserver;
  readonly requested: RequestObserver;
  leading(leads: boolean): void;
}

const controller = 'consumerscaler';
const queueLabels = { name: controller, controller };
const reconcileLabelNames = ['controller'] as const;
const queueLabelNames = ['name', 'controller'] as const;
const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** `concurrency`: how many reconciliations may run at the same time. */
export function createControllerRuntimeMetrics(registry: Registry, concurrency: number): ControllerRuntimeMetrics {
  /** The start of the work on each key that is being reconciled. */
  const startedAt = new Map<string, number>();
  const reconciliations = createReconcileMetrics(registry, concurrency, () => startedAt.size);
  const queue = createQueueMetrics(registry, () =>
    [...startedAt.values()].map((at) => (performance.now() - at) / 1_000),
  );
  return {
    ...createClientMetrics(registry),
    queue: {
      added: queue.added,
      started(key, depth, waitedSeconds) {
        startedAt.set(key, performance.now());
        queue.started(depth, waitedSeconds);
      },
      finished(key, result, seconds) {
        startedAt.delete(key);
        reconciliations.finished(result, seconds);
        queue.finished(result, seconds);
      },
    },
  };
}

function createReconcileMetrics(registry: Registry, concurrency: number, active: () => number) {
  const registers = [registry];
  const reconciliations = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations.',
    labelNames: ['controller', 'result'] as const,
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Total number of failed reconciliations.',
    labelNames: reconcileLabelNames,
    registers,
  });
  const seconds = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Duration of a reconciliation.',
    labelNames: reconcileLabelNames,
    buckets,
    registers,
  });
  const max = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Maximum number of concurrent reconciliations.',
    labelNames: reconcileLabelNames,
    registers,
  });
  max.set({ controller }, concurrency);
  measured(registry, 'controller_runtime_active_workers', 'Reconciliations in progress.', { controller }, active);
  return {
    finished(result: string, tookSeconds: number): void {
      reconciliations.inc({ controller, result });
      seconds.observe({ controller }, tookSeconds);
      if (result === 'error') errors.inc({ controller });
    },
  };
}

/** `ages`: the seconds since the start of each unit of work in progress. */
function createQueueMetrics(registry: Registry, ages: () => readonly number[]) {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: queueLabelNames, registers: [registry] });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: queueLabelNames, buckets, registers: [registry] });
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Current number of keys in the work queue.',
    labelNames: queueLabelNames,
    registers: [registry],
  });
  const adds = counter('workqueue_adds_total', 'Total number of keys added to the work queue.');
  const retries = counter('workqueue_retries_total', 'Total number of keys requeued after a failure.');
  const waited = histogram('workqueue_queue_duration_seconds', 'Time that a key waits in the work queue.');
  const worked = histogram('workqueue_work_duration_seconds', 'Time that it takes to process a key.');
  const unfinished = (): number => ages().reduce((total, age) => total + age, 0);
  const longest = (): number => Math.max(0, ...ages());
  const help = 'Duration of the work in progress, ';
  measured(registry, 'workqueue_unfinished_work_seconds', `${help}total.`, queueLabels, unfinished);
  measured(registry, 'workqueue_longest_running_processor_seconds', `${help}longest.`, queueLabels, longest);
  return {
    added(keys: number): void {
      adds.inc(queueLabels);
      depth.set(queueLabels, keys);
    },
    started(keys: number, waitedSeconds: number): void {
      depth.set(queueLabels, keys);
      waited.observe(queueLabels, waitedSeconds);
    },
    finished(result: string, seconds: number): void {
      worked.observe(queueLabels, seconds);
      if (result === 'error') retries.inc(queueLabels);
    },
  };
}

function createClientMetrics(registry: Registry): Pick<ControllerRuntimeMetrics, 'requested' | 'leading'> {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Total number of requests to the API server, without watches.',
    labelNames: ['code', 'method', 'host'] as const,
    registers: [registry],
  });
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 on the replica that is the leader, else 0.',
    labelNames: ['name'] as const,
    registers: [registry],
  });
  leader.set({ name: controller }, 0);
  return {
    requested: (method, host, code) => requests.inc({ method, host, code }),
    leading: (leads) => leader.set({ name: controller }, leads ? 1 : 0),
  };
}

/** A gauge whose value is computed when the metrics are scraped. */
function measured(registry: Registry, name: string, help: string, labels: Record<string, string>, value: () => number) {
  return new Gauge({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
    collect() {
      this.set(labels, value());
    },
  });
}
