/** Alerts, each with its page in docs/runbooks. */
import { actingServices } from '@order-pipeline/events';
import type { Alert } from './alert.ts';
import { wallClock, type Clock } from './clock.ts';
import { burns, objectives } from './objectives.ts';
import { scalerAlerts } from './scaler-alerts.ts';

export const alerts = (clock: Clock): readonly Alert[] => [
  ...objectives.flatMap((objective) => burns.map((burn) => burning(objective, burn))),
  ...consumerAlerts(clock),
  ...flowAlerts(clock),
  ...auditAlerts(clock),
  ...scalerAlerts(clock),
];

function burning(
  { alert, record, target, what }: (typeof objectives)[number],
  { severity, tiers, forSeconds }: (typeof burns)[number],
): Alert {
  const over = (seconds: number, rate: number): string =>
    `${record}${wallClock.span(seconds)} > ${Number((rate * (1 - target)).toPrecision(6))}`;
  return {
    name: alert,
    group: 'objectives',
    expr: tiers
      .map(({ rate, shortSeconds, longSeconds }) => `${over(shortSeconds, rate)} and ${over(longSeconds, rate)}`)
      .join(' or '),
    forSeconds,
    severity,
    summary: `{{ $value | humanizePercentage }} ${what}; ${Number(((1 - target) * 100).toPrecision(3))} % is the error budget.`,
  };
}

const consumerAlerts = (clock: Clock): Alert[] => [
  ...actingServices.map(({ name, consumerGroup, consumes }): Alert => {
    const rate = (metric: string, labels: string): string =>
      `sum by (topic) (rate(${metric}{${labels}}[${clock.span(300)}]))`;
    return {
      name: 'ConsumerNotPolling',
      group: 'consumers',
      // A consumer that crashed, hangs or never started exports no series, so what others produce shows what it misses.
      expr:
        `(${rate('events_produced_total', `topic=~"${consumes.join('|')}"`)} > 0) unless on (topic) ` +
        `(${rate('events_consumed_total', `service="${name}"`)} > 0)`,
      forSeconds: 120,
      severity: 'page',
      labels: { consumer_group: consumerGroup },
      summary: `${consumerGroup} consumes nothing from {{ $labels.topic }}, although events arrive there.`,
    };
  }),
  {
    name: 'LagAgeGrowing',
    group: 'consumers',
    expr:
      `max by (service) (consumer_lag_age_seconds) > ${clock.seconds(30)} and ` +
      `max by (service) (deriv(consumer_lag_age_seconds[${clock.span(300)}])) > 0`,
    forSeconds: 120,
    severity: 'ticket',
    summary: 'The lag age of {{ $labels.service }} is {{ $value | humanizeDuration }}, and it grows.',
  },
  {
    name: 'ConsumerInOutage',
    group: 'consumers',
    expr: 'max by (service) (consumer_in_outage) > 0',
    forSeconds: 120,
    severity: 'page',
    summary: '{{ $labels.service }} pauses for an outage of Kafka, MongoDB or the payment gateway.',
  },
  {
    name: 'PipelineNotScraped',
    group: 'consumers',
    expr: 'absent(consumer_lag_age_seconds)',
    forSeconds: 300,
    severity: 'page',
    summary: 'Prometheus has no metrics of any service of the pipeline, so no other alert here can fire.',
  },
];

const gatewayCalls = (labels: string, window: string): string =>
  `sum(rate(payment_gateway_call_duration_seconds_count{${labels}}[${window}]))`;

const flowAlerts = (clock: Clock): Alert[] => [
  {
    name: 'OrdersStuck',
    group: 'flow',
    expr: 'sum by (consumer_group, topic) (orders_stuck) > 0',
    forSeconds: 60,
    severity: 'page',
    summary:
      '{{ $value }} orders are stuck: they wait for {{ $labels.consumer_group }} to process {{ $labels.topic }}.',
  },
  {
    name: 'OutboxStuck',
    group: 'flow',
    expr: `max by (service) (outbox_oldest_age_seconds) > ${clock.seconds(60)}`,
    forSeconds: 60,
    severity: 'page',
    summary:
      'The oldest event in the outbox of {{ $labels.service }} waits to be published for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'DeadLettersArrive',
    group: 'flow',
    expr: `sum by (service, topic, kind) (increase(events_dead_lettered_total[${clock.span(900)}])) > 0`,
    forSeconds: 0,
    severity: 'ticket',
    summary: '{{ $labels.service }} dead-lettered events of {{ $labels.topic }} ({{ $labels.kind }}).',
  },
  {
    name: 'GatewayFailing',
    group: 'flow',
    expr: `${gatewayCalls('outcome="failed"', clock.span(300))} / ${gatewayCalls('', clock.span(300))} > 0.5`,
    forSeconds: 120,
    severity: 'page',
    summary: '{{ $value | humanizePercentage }} of the calls to the payment gateway fail.',
  },
  {
    name: 'RefundRefused',
    group: 'flow',
    expr: `sum(increase(payment_refunds_refused_total[${clock.span(3_600)}])) > 0`,
    forSeconds: 0,
    severity: 'ticket',
    summary:
      'The gateway refuses a refund permanently: the customer waits for money that you have to pay back by hand.',
  },
];

const auditAlerts = (clock: Clock): Alert[] => [
  {
    name: 'AuditFoundViolation',
    group: 'audit',
    expr: 'max by (rule) (audit_violations) > 0',
    forSeconds: 0,
    severity: 'page',
    summary: 'The auditor finds {{ $value }} violations of {{ $labels.rule }}.',
  },
  {
    name: 'AuditorNotRunning',
    group: 'audit',
    // The series of an auditor that has terminated goes stale, and its last time with it.
    expr:
      `time() - max(audit_last_run_timestamp_seconds) > ${clock.seconds(3_600)} ` +
      'or absent(audit_last_run_timestamp_seconds)',
    forSeconds: 300,
    severity: 'ticket',
    summary:
      '{{ if eq $value 1.0 }}Prometheus has no metrics of an auditor: it has terminated, or none is installed.{{ else }}' +
      'The last audit with a result began {{ $value | humanizeDuration }} ago.{{ end }}',
  },
];
