/** The operator's own metrics: the observed and desired state of each resource, and its decisions. */
import { Counter, Gauge, type Registry } from '@order-pipeline/runtime';
import type { Outcome, ScalerStatus } from './decide/decide.ts';
import type { WatchObserver } from './kube/watched-collection.ts';

const resourceLabelNames = ['namespace', 'name'] as const;
type ResourceLabels = { readonly namespace: string; readonly name: string };

/** One gauge for each number of a status; `value` is null or undefined while the number is unknown. */
const gauges: readonly {
  readonly name: string;
  readonly help: string;
  value(status: ScalerStatus): number | null | undefined;
}[] = [
  { name: 'lag_records', help: 'Consumer lag of the group.', value: ({ lag }) => lag?.messages },
  {
    name: 'late_records',
    help: 'Records of the lag that are older than the objective allows.',
    value: ({ lag }) => lag?.lateMessages,
  },
  { name: 'lag_age_seconds', help: 'Age of the oldest record of the lag.', value: ({ lag }) => lag?.ageSeconds },
  {
    name: 'arrival_records_per_second',
    help: 'Records that arrive per second.',
    value: ({ arrivalPerSecond }) => arrivalPerSecond,
  },
  {
    name: 'capacity_records_per_second',
    help: 'Records that one replica can process per second.',
    value: ({ capacityPerReplicaPerSecond }) => capacityPerReplicaPerSecond,
  },
  {
    name: 'predicted_drain_seconds',
    help: 'Predicted time in which the present replicas drain the lag.',
    value: ({ predictedDrainSeconds }) => predictedDrainSeconds,
  },
  { name: 'replicas', help: 'Observed replicas of the target.', value: ({ replicas }) => replicas },
  { name: 'desired_replicas', help: 'Desired replicas of the target.', value: (status) => status.desiredReplicas },
  { name: 'lag_known', help: '1 while the lag is known, else 0.', value: ({ lag }) => (lag === null ? 0 : 1) },
];

export class ControllerMetrics {
  readonly watches: WatchObserver;
  readonly #decisions;
  readonly #gauges;
  readonly #conditions;
  readonly #conditionTypes = new Set<string>();
  /** The series of decisions of each resource, which are removed with it. */
  readonly #decisionSeries = new Map<string, Map<string, Record<string, string>>>();

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter<L>({ name: `consumer_scaler_${name}`, help, labelNames, registers });
    const restarts = counter('watch_restarts_total', 'Total number of watches that failed and were restarted.', [
      'kind',
    ]);
    const missed = counter('watch_missed_total', 'Total number of changes that only a relist found.', ['kind']);
    this.watches = {
      restarted: (kind) => restarts.inc({ kind }),
      missed: (kind, changes) => missed.inc({ kind }, changes),
    };
    this.#decisions = counter('decisions_total', 'Total number of decisions.', [
      ...resourceLabelNames,
      'action',
      'reason',
      'applied',
    ]);
    this.#gauges = gauges.map(({ name, help, value }) => ({
      gauge: new Gauge({ name: `consumer_scaler_${name}`, help, labelNames: resourceLabelNames, registers }),
      value,
    }));
    this.#conditions = new Gauge({
      name: 'consumer_scaler_condition',
      help: 'A condition of a resource: 1 if True, 0 if False, absent if Unknown.',
      labelNames: [...resourceLabelNames, 'type'] as const,
      registers,
    });
  }

  decided(key: string, { decision, status }: Outcome, applied: boolean): void {
    const labels = labelsOf(key);
    const { action, reason } = decision;
    this.#countDecision(key, { ...labels, action, reason, applied: String(applied) });
    for (const { gauge, value } of this.#gauges) {
      // An unknown number has no series, so that an alert can detect its absence.
      const number = value(status);
      if (number === null || number === undefined) gauge.remove(labels);
      else gauge.set(labels, number);
    }
    for (const { type, status: conditionStatus } of status.conditions) {
      this.#conditionTypes.add(type);
      if (conditionStatus === 'Unknown') this.#conditions.remove({ ...labels, type });
      else this.#conditions.set({ ...labels, type }, conditionStatus === 'True' ? 1 : 0);
    }
  }

  /** `all` for a deleted resource; `present` keeps the counted decisions, for a resource without a valid target. */
  forget(key: string, what: 'all' | 'present'): void {
    const labels = labelsOf(key);
    for (const { gauge } of this.#gauges) gauge.remove(labels);
    for (const type of this.#conditionTypes) this.#conditions.remove({ ...labels, type });
    if (what === 'present') return;
    for (const series of this.#decisionSeries.get(key)?.values() ?? []) this.#decisions.remove(series);
    this.#decisionSeries.delete(key);
  }

  #countDecision(key: string, series: ResourceLabels & Record<'action' | 'reason' | 'applied', string>): void {
    this.#decisions.inc(series);
    const known = this.#decisionSeries.get(key) ?? new Map<string, Record<string, string>>();
    this.#decisionSeries.set(key, known.set(`${series.action} ${series.reason} ${series.applied}`, series));
  }
}

function labelsOf(key: string): ResourceLabels {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
