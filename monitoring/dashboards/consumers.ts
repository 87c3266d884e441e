/** The lag of the consumers, where it is, and why. */
import type { Dashboard } from '../panels.ts';
import { perSecond, quantileBy } from './queries.ts';

export const consumers: Dashboard = {
  name: 'order-pipeline-consumers',
  title: 'Order pipeline: consumers and partitions',
  rows: [
    {
      title: 'Throughput',
      panels: [
        {
          title: 'Events consumed',
          description: 'Per second, by service and topic.',
          unit: 'reqps',
          targets: [{ expr: perSecond('events_consumed_total', 'service, topic'), legend: '{{service}} {{topic}}' }],
        },
        {
          title: 'Events produced',
          description: 'Per second, by topic.',
          unit: 'reqps',
          targets: [{ expr: perSecond('events_produced_total', 'topic'), legend: '{{topic}}' }],
        },
        {
          title: 'Batch size',
          description: 'Events per batch, on average. It grows with the load, so the cost per event falls.',
          unit: 'short',
          targets: [
            {
              expr: `${perSecond('consumer_batch_size_events_sum', 'service')} / ${perSecond('consumer_batch_size_events_count', 'service')}`,
              legend: '{{service}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Lag',
      panels: [
        {
          title: 'Lag age',
          description: 'Age of the oldest event that is fetched and not yet processed.',
          unit: 's',
          badFrom: 30,
          targets: [{ expr: 'max by (service) (consumer_lag_age_seconds)', legend: '{{service}}' }],
        },
        {
          title: 'Lag by topic',
          description: 'Events after the committed offset, as of the last fetch.',
          unit: 'short',
          targets: [{ expr: 'sum by (service, topic) (consumer_lag_events)', legend: '{{service}} {{topic}}' }],
        },
        {
          title: 'Lag by partition',
          description: 'The twenty partitions with the highest lag. A single one points to a hot key.',
          kind: 'table',
          unit: 'short',
          targets: [{ expr: 'topk(20, max by (service, topic, partition) (consumer_lag_events))' }],
        },
      ],
    },
    {
      title: 'Durations and disturbances',
      panels: [
        {
          title: 'Batch, from fetch to commit',
          description: 'The 95th percentile. Above a second the membership is at risk.',
          unit: 's',
          badFrom: 1,
          targets: quantileBy('service', 'consumer_batch_duration_seconds'),
        },
        {
          title: 'Batch in its handler',
          description: 'The 95th percentile.',
          unit: 's',
          targets: quantileBy('service', 'consumer_handler_duration_seconds'),
        },
        {
          title: 'Rebalances',
          description: 'Times that a consumer joined its group, in the last 5 minutes.',
          unit: 'short',
          targets: [{ expr: 'sum by (service) (increase(consumer_group_joins_total[5m]))', legend: '{{service}}' }],
        },
        {
          title: 'Paused by an outage',
          description: '1 while a consumer waits for Kafka, MongoDB or the gateway.',
          unit: 'short',
          badFrom: 1,
          targets: [{ expr: 'max by (service) (consumer_in_outage)', legend: '{{service}}' }],
        },
      ],
    },
  ],
};
