/** The operator's metrics: controller-runtime's, and its own: what it knows of each resource, and what it decided. */
import { Counter, Gauge, type Registry } from '@order-pipeline/runtime';
import type { Outcome } from './decide/decide.ts';
import type { WatchObserver } from './kube/watched-collection.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from './controller-runtime-metrics.ts';

export interface ControllerMetrics extends RuntimeMetrics {
  readonly watches: WatchObserver;
  looked(key: string, outcome: Outcome, applied: boolean): void;
  /** Of a resource that is gone nothing stays; of one whose target is gone only what was decided so far. */
  forget(key: string, what: 'all' | 'present'): void;
}

const resourceLabels = ['namespace', 'name'] as const;

/** `concurrency`: how many looks may go on at once. */
export function createControllerMetrics(registry: Registry, concurrency = 1): ControllerMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `consumer_scaler_${name}`, help, labelNames: resourceLabels, registers });

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
  /** The series of decisions by resource, which end with it. */
  const decided = new Map<string, Map<string, Record<string, string>>>();

  return {
    ...createRuntimeMetrics(registry, concurrency),
    watches: {
      restarted: (kind) => restarts.inc({ kind }),
      missed: (kind, changes) => missed.inc({ kind }, changes),
    },
    looked(key, { decision, status }, applied) {
      const labels = labelsOf(key);
      const { action, reason } = decision;
      const series = { ...labels, action, reason, applied: String(applied) };
      decisions.inc(series);
      const known = decided.get(key) ?? new Map<string, Record<string, string>>();
      decided.set(key, known.set(`${action} ${reason} ${applied}`, series));
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
    forget(key, what) {
      const labels = labelsOf(key);
      for (const one of Object.values(gauges)) one.remove(labels);
      for (const type of conditionTypes) conditions.remove({ ...labels, type });
      if (what === 'present') return;
      for (const series of decided.get(key)?.values() ?? []) decisions.remove(series);
      decided.delete(key);
    },
  };
}

function labelsOf(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
