/** All metrics of one service. */
import type { Dashboard } from '../panels.ts';
import { perSecond, quantileBy, quantiles } from './queries.ts';

const one = '{service="$service"}';
export const service: Dashboard = {
  name: 'order-pipeline-service',
  title: 'Order pipeline: one service',
  variable: { label: 'service', series: 'consumer_in_outage' },
  rows: [
    {
      title: 'HTTP',
      panels: [
        {
          title: 'Requests',
          description: 'Per second, by route and status.',
          unit: 'reqps',
          targets: [
            {
              expr: perSecond('http_request_duration_seconds_count', 'method, route, status', one),
              legend: '{{method}} {{route}} {{status}}',
            },
          ],
        },
        {
          title: 'Duration',
          description: 'The 95th percentile, by route; with tracing on, exemplars link to traces.',
          unit: 's',
          targets: quantileBy('route', 'http_request_duration_seconds', one, true),
        },
        {
          title: 'Health',
          description: 'The checks of /readyz.',
          kind: 'table',
          unit: 'short',
          targets: [{ expr: `max by (check, status) (health_check_status${one})` }],
        },
      ],
    },
    {
      title: 'Events',
      panels: [
        {
          title: 'Consumed',
          description: 'Per second, by topic.',
          unit: 'reqps',
          targets: [{ expr: perSecond('events_consumed_total', 'topic', one), legend: '{{topic}}' }],
        },
        {
          title: 'Produced',
          description: 'Per second, by topic.',
          unit: 'reqps',
          targets: [{ expr: perSecond('events_produced_total', 'topic', one), legend: '{{topic}}' }],
        },
        {
          title: 'Handler',
          description: 'Time per batch.',
          unit: 's',
          targets: quantiles('consumer_handler_duration_seconds', one),
        },
      ],
    },
    {
      title: 'Process',
      panels: [
        {
          title: 'CPU',
          description: 'Cores in use, all replicas together.',
          unit: 'short',
          targets: [{ expr: `sum(rate(process_cpu_seconds_total${one}[$__rate_interval]))` }],
        },
        {
          title: 'Memory',
          description: 'Of the largest replica: resident memory and used heap.',
          unit: 'bytes',
          targets: [
            { expr: `max(process_resident_memory_bytes${one})`, legend: 'resident' },
            { expr: `max(nodejs_heap_size_used_bytes${one})`, legend: 'heap' },
          ],
        },
        {
          title: 'Event loop',
          description: 'The 99th percentile of its delay. Above 0.1 s heartbeats and probes are late.',
          unit: 's',
          badFrom: 0.1,
          targets: [{ expr: `max(nodejs_eventloop_lag_p99_seconds${one})` }],
        },
        {
          title: 'Garbage collection',
          description: 'Share of the time, of all replicas.',
          unit: 'percentunit',
          targets: [{ expr: perSecond('nodejs_gc_duration_seconds_sum', 'kind', one), legend: '{{kind}}' }],
        },
      ],
    },
  ],
};
