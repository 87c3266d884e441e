/** Why a consumer group has its number of replicas, and whether its scaler works. */
import type { Dashboard, Row } from '../panels.ts';
import { perSecond, quantiles } from './queries.ts';

const one = '{name="$name"}';
const of = (metric: string): string => `max by (namespace) (${metric}${one})`;
const operator = '{controller="consumerscaler"}';
const queue = '{name="consumerscaler"}';

const decision: Row = {
  title: 'Decisions',
  panels: [
    {
      title: 'Replicas',
      description: 'Of the target: observed and desired.',
      unit: 'short',
      targets: [
        { expr: of('consumer_scaler_replicas'), legend: 'observed' },
        { expr: of('consumer_scaler_desired_replicas'), legend: 'desired' },
      ],
    },
    {
      title: 'Decisions by reason',
      description: 'Reconciliations in the last 5 minutes. docs/scaling.md explains each reason.',
      unit: 'short',
      stacked: true,
      targets: [
        { expr: `sum by (reason) (increase(consumer_scaler_decisions_total${one}[5m]))`, legend: '{{reason}}' },
      ],
    },
    {
      title: 'Conditions',
      description: '1 while True, 0 while False. Effective, GroupStable and LagKnown should be 1, the others 0.',
      unit: 'short',
      targets: [{ expr: `max by (type) (consumer_scaler_condition${one})`, legend: '{{type}}' }],
    },
  ],
};

const reasons: Row = {
  title: 'Observations',
  panels: [
    {
      title: 'Lag',
      description: 'Records of consumer lag, and those of them older than objective.maxAgeSeconds.',
      unit: 'short',
      targets: [
        { expr: of('consumer_scaler_lag_records'), legend: 'all' },
        { expr: of('consumer_scaler_late_records'), legend: 'late' },
      ],
    },
    {
      title: 'Lag age',
      description:
        'Age of the oldest unprocessed record, and the predicted time to drain the lag with the present replicas.',
      unit: 's',
      targets: [
        { expr: of('consumer_scaler_lag_age_seconds'), legend: 'oldest' },
        { expr: of('consumer_scaler_predicted_drain_seconds'), legend: 'predicted drain' },
      ],
    },
    {
      title: 'Arrival and capacity',
      description: 'Records per second that arrive, and that all replicas together can process.',
      unit: 'reqps',
      targets: [
        { expr: of('consumer_scaler_arrival_records_per_second'), legend: 'arrival' },
        {
          expr: `${of('consumer_scaler_capacity_records_per_second')} * ${of('consumer_scaler_replicas')}`,
          legend: 'capacity',
        },
      ],
    },
    {
      title: 'Known lag',
      description: 'Resources whose lag is known, and all resources.',
      unit: 'short',
      targets: [
        { expr: 'sum(consumer_scaler_lag_known)', legend: 'known' },
        { expr: 'count(consumer_scaler_lag_known)', legend: 'all' },
      ],
    },
  ],
};

const itself: Row = {
  title: 'Controller',
  panels: [
    {
      title: 'Leaders',
      description: 'Replicas of the scaler that lead. It should be 1 in each namespace that has a scaler.',
      unit: 'short',
      targets: [{ expr: `sum by (namespace) (leader_election_master_status${queue})`, legend: '{{namespace}}' }],
    },
    {
      title: 'Reconciliations',
      description: 'Per second, by result.',
      unit: 'reqps',
      targets: [{ expr: perSecond('controller_runtime_reconcile_total', 'result', operator), legend: '{{result}}' }],
    },
    {
      title: 'Failed reconciliations',
      description: 'Per second. The log of the scaler has the errors.',
      unit: 'reqps',
      targets: [{ expr: `sum(rate(controller_runtime_reconcile_errors_total${operator}[$__rate_interval]))` }],
    },
    {
      title: 'Reconciliation time',
      description: 'Calls to Kafka and the API server included.',
      unit: 's',
      targets: quantiles('controller_runtime_reconcile_time_seconds', operator),
    },
    {
      title: 'Work queue depth',
      description: 'Resources that wait for a reconciliation. It should be near 0.',
      unit: 'short',
      targets: [{ expr: `max(workqueue_depth${queue})` }],
    },
    {
      title: 'Watches',
      description:
        'Watches of the API server that were interrupted, and changes that only a new list found, in the last hour.',
      unit: 'short',
      targets: [
        { expr: 'sum by (kind) (increase(consumer_scaler_watch_restarts_total[1h]))', legend: '{{kind}} interrupted' },
        { expr: 'sum by (kind) (increase(consumer_scaler_watch_missed_total[1h]))', legend: '{{kind}} missed' },
      ],
    },
  ],
};

export const scaler: Dashboard = {
  name: 'order-pipeline-scaler',
  title: 'Order pipeline: consumer scaler',
  variable: { label: 'name', series: 'consumer_scaler_replicas' },
  rows: [decision, reasons, itself],
};
