/** Why a consumer group has the replicas that it has, and whether its scaler is well. */
import type { Dashboard, Row } from '../panels.ts';
import { perSecond, quantiles } from './queries.ts';

const one = '{name="$name"}';
const of = (metric: string): string => `max by (namespace) (${metric}${one})`;
const operator = '{controller="consumerscaler"}';
const queue = '{name="consumerscaler"}';

const decision: Row = {
  title: 'What is decided',
  panels: [
    {
      title: 'Replicas',
      description: 'What the target has, and what it should have.',
      unit: 'short',
      targets: [
        { expr: of('consumer_scaler_replicas'), legend: 'are' },
        { expr: of('consumer_scaler_desired_replicas'), legend: 'should be' },
      ],
    },
    {
      title: 'Decisions by reason',
      description: 'Looks in the last 5 minutes; docs/scaling.md says what each reason means.',
      unit: 'short',
      stacked: true,
      targets: [
        { expr: `sum by (reason) (increase(consumer_scaler_decisions_total${one}[5m]))`, legend: '{{reason}}' },
      ],
    },
    {
      title: 'Conditions',
      description:
        '1 while it is True, 0 while it is False. Good are Effective, GroupStable and LagKnown at 1, others at 0.',
      unit: 'short',
      targets: [{ expr: `max by (type) (consumer_scaler_condition${one})`, legend: '{{type}}' }],
    },
  ],
};

const reasons: Row = {
  title: 'What it is decided by',
  panels: [
    {
      title: 'Lag',
      description: 'Records that the group owes, and those of them that are older than the objective allows.',
      unit: 'short',
      targets: [
        { expr: of('consumer_scaler_lag_records'), legend: 'all' },
        { expr: of('consumer_scaler_late_records'), legend: 'late' },
      ],
    },
    {
      title: 'Age of the lag',
      description:
        'Of the oldest record that is owed, and how long it takes to work off all with the replicas that there are.',
      unit: 's',
      targets: [
        { expr: of('consumer_scaler_lag_age_seconds'), legend: 'oldest' },
        { expr: of('consumer_scaler_predicted_drain_seconds'), legend: 'to drain' },
      ],
    },
    {
      title: 'Arrival and capacity',
      description: 'Records a second that arrive, and that all replicas together can do.',
      unit: 'reqps',
      targets: [
        { expr: of('consumer_scaler_arrival_records_per_second'), legend: 'arrive' },
        {
          expr: `${of('consumer_scaler_capacity_records_per_second')} * ${of('consumer_scaler_replicas')}`,
          legend: 'can be done',
        },
      ],
    },
    {
      title: 'Lag is known',
      description: 'How many resources have a lag that is known, and how many there are.',
      unit: 'short',
      targets: [
        { expr: 'sum(consumer_scaler_lag_known)', legend: 'known' },
        { expr: 'count(consumer_scaler_lag_known)', legend: 'all' },
      ],
    },
  ],
};

const itself: Row = {
  title: 'The scaler itself',
  panels: [
    {
      title: 'Leaders',
      description: 'Replicas of the scaler that lead. Good is 1 in each namespace that has a scaler.',
      unit: 'short',
      targets: [{ expr: `sum by (namespace) (leader_election_master_status${queue})`, legend: '{{namespace}}' }],
    },
    {
      title: 'Looks',
      description: 'Per second, by result.',
      unit: 'reqps',
      targets: [{ expr: perSecond('controller_runtime_reconcile_total', 'result', operator), legend: '{{result}}' }],
    },
    {
      title: 'Looks that failed',
      description: 'Per second. The log of the scaler has the errors.',
      unit: 'reqps',
      targets: [{ expr: `sum(rate(controller_runtime_reconcile_errors_total${operator}[$__rate_interval]))` }],
    },
    {
      title: 'Time of a look',
      description: 'Kafka and the API server included.',
      unit: 's',
      targets: quantiles('controller_runtime_reconcile_time_seconds', operator),
    },
    {
      title: 'Resources that wait for a look',
      description: 'Good is about none.',
      unit: 'short',
      targets: [{ expr: `max(workqueue_depth${queue})` }],
    },
    {
      title: 'Watches',
      description:
        'Watches of the API server that broke off, and changes that only listing anew has found, in the last hour.',
      unit: 'short',
      targets: [
        { expr: 'sum by (kind) (increase(consumer_scaler_watch_restarts_total[1h]))', legend: '{{kind}} broken off' },
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
