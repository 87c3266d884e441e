/**
 * The metrics that controller-runtime and client-go give to every controller, by their names and labels, so that
 * dashboards for those serve here. Go's own, and those about what is not here (webhooks, caches, panics), are left out.
 */
import { Counter, Gauge, Histogram, type Registry } from '@order-pipeline/runtime';
import type { QueueObserver } from './kube/work-queue.ts';

export interface RuntimeMetrics {
  readonly queue: QueueObserver;
  leading(is: boolean): void;
  /** A request to the API server was answered, or came to nothing. Watches are not counted. */
  requested(method: string, host: string, code: string): void;
}

const controller = 'consumerscaler';
const own = { controller };
const queueLabels = { name: controller, controller };
const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

export function createRuntimeMetrics(registry: Registry, concurrency: number): RuntimeMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Histogram<L>({ name, help, labelNames, buckets, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[], value?: () => number) =>
    new Gauge<L>({
      name,
      help,
      labelNames,
      registers,
      ...(value === undefined
        ? {}
        : {
            collect() {
              this.set((labelNames.length === 1 ? own : queueLabels) as never, value());
            },
          }),
    });
  const ofController = ['controller'] as const;
  const ofQueue = ['name', 'controller'] as const;
  /** Since when each key that is worked on has been. */
  const begun = new Map<string, number>();
  const ages = (): number[] => [...begun.values()].map((at) => (performance.now() - at) / 1_000);

  const reconciles = counter('controller_runtime_reconcile_total', 'Looks at a resource.', ['controller', 'result']);
  const errors = counter('controller_runtime_reconcile_errors_total', 'Looks that failed.', ofController);
  const took = histogram('controller_runtime_reconcile_time_seconds', 'Time that a look took.', ofController);
  gauge('controller_runtime_max_concurrent_reconciles', 'Looks that may go on at once.', ofController).set(
    own,
    concurrency,
  );
  gauge('controller_runtime_active_workers', 'Looks that go on.', ofController, () => begun.size);
  const depth = gauge('workqueue_depth', 'Keys that wait to be looked at.', ofQueue);
  const adds = counter('workqueue_adds_total', 'Keys that were queued.', ofQueue);
  const retries = counter('workqueue_retries_total', 'Keys that were queued again after a failure.', ofQueue);
  const waited = histogram('workqueue_queue_duration_seconds', 'Time that a key waited.', ofQueue);
  const worked = histogram('workqueue_work_duration_seconds', 'Time that a key was worked on.', ofQueue);
  gauge('workqueue_unfinished_work_seconds', 'Time that the work has taken that goes on, in all.', ofQueue, () =>
    ages().reduce((sum, age) => sum + age, 0),
  );
  gauge('workqueue_longest_running_processor_seconds', 'Time that the longest of it has taken.', ofQueue, () =>
    Math.max(0, ...ages()),
  );
  const requests = counter('rest_client_requests_total', 'Requests to the API server, but for watches.', [
    'code',
    'method',
    'host',
  ]);
  const leader = gauge('leader_election_master_status', '1 on the replica that leads.', ['name']);
  leader.set({ name: controller }, 0);

  return {
    leading: (is) => leader.set({ name: controller }, is ? 1 : 0),
    requested: (method, host, code) => requests.inc({ method, host, code }),
    queue: {
      added(now) {
        adds.inc(queueLabels);
        depth.set(queueLabels, now);
      },
      started(key, now, waitedSeconds) {
        begun.set(key, performance.now());
        depth.set(queueLabels, now);
        waited.observe(queueLabels, waitedSeconds);
      },
      finished(key, result, seconds) {
        begun.delete(key);
        reconciles.inc({ controller, result });
        took.observe(own, seconds);
        worked.observe(queueLabels, seconds);
        if (result !== 'error') return;
        errors.inc(own);
        retries.inc(queueLabels);
      },
    },
  };
}
