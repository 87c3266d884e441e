/** The operator's metrics: controller-runtime's by its names, so that its dashboards serve, and what is ours. */
import { Counter, Gauge, Histogram, type Registry } from '@order-pipeline/service-host';
import type { Outcome } from './decide.ts';
import type { QueueObserver } from './keyed-queue.ts';
import type { WatchObserver } from './kube-watch.ts';

export interface ControllerMetrics {
  readonly queue: QueueObserver;
  readonly watches: WatchObserver;
  leading(is: boolean): void;
  looked(key: string, outcome: Outcome, applied: boolean): void;
  forget(key: string): void;
}

const controller = 'consumerscaler';
const resourceLabels = ['namespace', 'name'] as const;
const seconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `consumer_scaler_${name}`, help, labelNames: resourceLabels, registers });

  const reconciles = counter('controller_runtime_reconcile_total', 'Looks at a resource.', ['controller', 'result']);
  const errors = counter('controller_runtime_reconcile_errors_total', 'Looks that failed.', ['controller']);
  const duration = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time that a look took.',
    labelNames: ['controller'],
    buckets: seconds,
    registers,
  });
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Keys that wait to be looked at.',
    labelNames: ['name'],
    registers,
  });
  const adds = counter('workqueue_adds_total', 'Keys that were queued.', ['name']);
  const retries = counter('workqueue_retries_total', 'Keys that were queued again after a failure.', ['name']);
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'Time that a key waited.',
    labelNames: ['name'],
    buckets: seconds,
    registers,
  });
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 on the replica that leads.',
    labelNames: ['name'],
    registers,
  });
  const restarts = counter('consumer_scaler_watch_restarts_total', 'Watches that broke off.', ['kind']);
  const missed = counter('consumer_scaler_watch_missed_total', 'Changes that only a relist found.', ['kind']);
  const decisions = counter('consumer_scaler_decisions_total', 'Looks by what was decided and done.', [
    ...resourceLabels,
    'action',
    'reason',
    'applied',
  ]);
  const gauges = {
    lag: gauge('lag_records', 'Records that the group owes.'),
    late: gauge('late_records', 'Records older than the objective allows.'),
    age: gauge('lag_age_seconds', 'Age of the oldest record that is owed.'),
    arrival: gauge('arrival_records_per_second', 'Records that arrive.'),
    capacity: gauge('capacity_records_per_second', 'Records that a replica can do.'),
    drain: gauge('predicted_drain_seconds', 'Time to work off what is owed with the replicas that there are.'),
    replicas: gauge('replicas', 'Replicas of the target.'),
    desired: gauge('desired_replicas', 'Replicas that the target should have.'),
    known: gauge('lag_known', '1 while the lag is known.'),
  };
  const conditions = new Gauge({
    name: 'consumer_scaler_condition',
    help: 'A condition of a resource: 1 while it is True, 0 while it is False; none while it is Unknown.',
    labelNames: [...resourceLabels, 'type'],
    registers,
  });
  const conditionTypes = new Set<string>();
  leader.set({ name: controller }, 0);

  return {
    leading: (is) => leader.set({ name: controller }, is ? 1 : 0),
    queue: {
      added(now) {
        adds.inc({ name: controller });
        depth.set({ name: controller }, now);
      },
      started(now, waitedSeconds) {
        depth.set({ name: controller }, now);
        waited.observe({ name: controller }, waitedSeconds);
      },
      finished(result, took) {
        reconciles.inc({ controller, result });
        duration.observe({ controller }, took);
        if (result === 'success') return;
        errors.inc({ controller });
        retries.inc({ name: controller });
      },
    },
    watches: {
      restarted: (kind) => restarts.inc({ kind }),
      missed: (kind, changes) => missed.inc({ kind }, changes),
    },
    looked(key, { decision, status }, applied) {
      const labels = labelsOf(key);
      const { action, reason } = decision;
      decisions.inc({ ...labels, action, reason, applied: String(applied) });
      const values: Record<keyof typeof gauges, number | null | undefined> = {
        lag: status.lag?.messages,
        late: status.lag?.lateMessages,
        age: status.lag?.ageSeconds,
        arrival: status.arrivalPerSecond,
        capacity: status.capacityPerReplicaPerSecond,
        drain: status.predictedDrainSeconds,
        replicas: status.replicas,
        desired: status.desiredReplicas,
        known: status.lag === null ? 0 : 1,
      };
      for (const [name, one] of Object.entries(gauges)) {
        // Unknown is no number: the series ends, and an alert on its absence can tell.
        const value = values[name as keyof typeof gauges];
        if (value === null || value === undefined) one.remove(labels);
        else one.set(labels, value);
      }
      for (const { type, status: is } of status.conditions) {
        conditionTypes.add(type);
        if (is === 'Unknown') conditions.remove({ ...labels, type });
        else conditions.set({ ...labels, type }, is === 'True' ? 1 : 0);
      }
    },
    forget(key) {
      const labels = labelsOf(key);
      for (const one of Object.values(gauges)) one.remove(labels);
      for (const type of conditionTypes) conditions.remove({ ...labels, type });
    },
  };
}

function labelsOf(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
