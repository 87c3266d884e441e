/** Everything that an alert is about. Empty panels are good. */
import type { Row } from '../panels.ts';
import { perSecond } from './queries.ts';

export const trouble: Row = {
  title: 'Failures',
  panels: [
    {
      title: 'Stuck orders',
      description: 'By the consumer group and topic that they wait for. It should be 0.',
      unit: 'short',
      badFrom: 1,
      targets: [{ expr: 'sum by (consumer_group, topic) (orders_stuck)', legend: '{{consumer_group}} {{topic}}' }],
    },
    {
      title: 'Dead letters',
      description: 'Dead-lettered events in the last hour. npm run dlq lists them.',
      unit: 'short',
      badFrom: 1,
      targets: [
        {
          expr: 'sum by (service, topic, kind) (increase(events_dead_lettered_total[1h])) > 0',
          legend: '{{service}} {{topic}} {{kind}}',
        },
      ],
    },
    {
      title: 'Oldest event in an outbox',
      description: 'Age of the oldest event that is stored and not yet published.',
      unit: 's',
      badFrom: 60,
      targets: [{ expr: 'max by (service) (outbox_oldest_age_seconds)', legend: '{{service}}' }],
    },
    {
      title: 'Pending in outboxes',
      description: 'Documents with unpublished events.',
      unit: 'short',
      targets: [{ expr: 'max by (service) (outbox_pending_documents)', legend: '{{service}}' }],
    },
    {
      title: 'Lag age',
      description: 'Age of the oldest unprocessed event of each service.',
      unit: 's',
      badFrom: 30,
      targets: [{ expr: 'max by (service) (consumer_lag_age_seconds)', legend: '{{service}}' }],
    },
    {
      title: 'Calls to the payment gateway',
      description: 'Per second, by outcome.',
      unit: 'reqps',
      targets: [
        {
          expr: perSecond('payment_gateway_call_duration_seconds_count', 'operation, outcome'),
          legend: '{{operation}} {{outcome}}',
        },
      ],
    },
    {
      title: 'Refunds refused permanently',
      description: 'In the last day. For each, a customer waits for money.',
      kind: 'stat',
      unit: 'short',
      badFrom: 1,
      targets: [{ expr: 'sum(increase(payment_refunds_refused_total[1d]))' }],
    },
    {
      title: 'Violations found by the auditor',
      description: 'By rule, as of the last audit.',
      kind: 'table',
      unit: 'short',
      badFrom: 1,
      targets: [{ expr: 'max by (rule) (audit_violations)' }],
    },
    {
      title: 'Last audit',
      description: 'How long ago it began, and how long it took.',
      kind: 'stat',
      unit: 's',
      badFrom: 3_600,
      targets: [
        { expr: 'time() - max(audit_last_run_timestamp_seconds)', legend: 'ago' },
        { expr: 'max(audit_duration_seconds)', legend: 'took' },
      ],
    },
    {
      title: 'Failed audits',
      description: 'In the last hour.',
      kind: 'stat',
      unit: 'short',
      badFrom: 1,
      targets: [{ expr: 'sum(increase(audit_failures_total[1h]))' }],
    },
  ],
};
