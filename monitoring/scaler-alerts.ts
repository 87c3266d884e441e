/** Alerts of the consumer scaler's own metrics. Where no scaler is installed there are none, and nothing fires. */
import type { Alert } from './alert.ts';
import type { Clock } from './clock.ts';

const condition = (type: string): string => `max by (namespace, name) (consumer_scaler_condition{type="${type}"})`;
const byNamespace = (expr: string): string => `max by (namespace) (${expr})`;
const leads = (window = ''): string => `leader_election_master_status{name="consumerscaler"}${window}`;

export const scalerAlerts = (clock: Clock): Alert[] => [
  {
    name: 'ScalerInFallback',
    group: 'scaler',
    expr: `${condition('FallbackActive')} == 1`,
    forSeconds: 120,
    severity: 'ticket',
    summary: '{{ $labels.namespace }}/{{ $labels.name }}: the lag is unknown, so the scaler follows spec.fallback.',
  },
  {
    name: 'ScalerIneffective',
    group: 'scaler',
    expr: `${condition('Effective')} == 0`,
    forSeconds: 120,
    severity: 'ticket',
    summary:
      '{{ $labels.namespace }}/{{ $labels.name }} misses its objective, and more replicas do not help: something that they share is the bottleneck.',
  },
  {
    name: 'ScalerNotRunning',
    group: 'scaler',
    // A scaler that has terminated exports no series: one led within the last day, and none leads now.
    expr: `${byNamespace(`max_over_time(${leads(`[${clock.span(86_400)}]`)})`)} > 0 unless ${byNamespace(leads())} > 0`,
    forSeconds: 300,
    severity: 'ticket',
    summary: 'No consumer scaler leads: replicas stay as they are, whatever the load.',
  },
];
