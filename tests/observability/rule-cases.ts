/** For each alert, series that make it fire and let it clear, minute by minute. */
export interface RuleCase {
  readonly alert: string;
  readonly what: string;
  /** A value a minute, in promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  readonly firesAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** It has not fired yet. */
  readonly quietAt: string;
  readonly clearsAt: string;
  /** What the same alert says in its other severity when this one has cleared. */
  readonly left?: Pick<RuleCase, 'labels' | 'summary'>;
}

const posts = (status: number) =>
  `http_request_duration_seconds_count{method="POST",route="/orders",status="${status}",service="order"}`;
const shippedCount = 'order_placed_to_shipped_seconds_count{service="order"}';
const shippedInTime = 'order_placed_to_shipped_seconds_bucket{le="1",service="order"}';
const produced = 'events_produced_total{service="order",topic="order_placed"}';
const consumed = 'events_consumed_total{service="payment",topic="order_placed"}';
const gateway = (outcome: string) =>
  `payment_gateway_call_duration_seconds_count{operation="charge",outcome="${outcome}",service="payment"}`;
const letters = 'events_dead_lettered_total{service="payment",topic="order_placed",kind="schema"}';

export const ruleCases: readonly RuleCase[] = [
  {
    alert: 'OrdersShipLate',
    what: 'nine of ten orders are late for twenty minutes',
    series: { [shippedCount]: '0+10x600', [shippedInTime]: '0+1x20 30+10x580' },
    quietAt: '1m',
    firesAt: '10m',
    labels: { severity: 'page' },
    summary: '90% of the orders that ship take more than 1 s for it; 5 % is what we allow ourselves.',
    clearsAt: '27m',
    left: {
      labels: { severity: 'ticket' },
      summary: '66.67% of the orders that ship take more than 1 s for it; 5 % is what we allow ourselves.',
    },
  },
  {
    alert: 'OrdersShipLate',
    what: 'four of ten orders are late for an hour',
    series: { [shippedCount]: '0+10x900', [shippedInTime]: '0+6x60 370+10x840' },
    quietAt: '14m',
    firesAt: '30m',
    labels: { severity: 'ticket' },
    summary: '40% of the orders that ship take more than 1 s for it; 5 % is what we allow ourselves.',
    clearsAt: '100m',
  },
  {
    alert: 'OrdersNotAccepted',
    what: 'three of a hundred requests are answered 503, beside those that customers got wrong',
    series: { [posts(201)]: '0+95x600', [posts(422)]: '0+2x600', [posts(503)]: '0+3x20 60x580' },
    quietAt: '1m',
    firesAt: '10m',
    labels: { severity: 'page' },
    summary:
      '3% of the orders that customers place are answered with an error of ours; 0.1 % is what we allow ourselves.',
    clearsAt: '27m',
    left: {
      labels: { severity: 'ticket' },
      summary:
        '2.24% of the orders that customers place are answered with an error of ours; 0.1 % is what we allow ourselves.',
    },
  },
  {
    alert: 'OrdersNotAccepted',
    what: 'one of a hundred requests is answered 503 for an hour',
    series: { [posts(201)]: '0+99x900', [posts(503)]: '0+1x60 60x840' },
    quietAt: '14m',
    firesAt: '30m',
    labels: { severity: 'ticket' },
    summary:
      '1% of the orders that customers place are answered with an error of ours; 0.1 % is what we allow ourselves.',
    clearsAt: '100m',
  },
  {
    alert: 'ConsumerNotPolling',
    what: 'a service takes nothing for ten minutes',
    series: { [produced]: '0+10x60', [consumed]: '0+10x5 50x9 50+20x45' },
    quietAt: '11m',
    firesAt: '13m',
    labels: { severity: 'page', consumer_group: 'payment-service', topic: 'order_placed' },
    summary: 'payment-service takes nothing from order_placed, although events arrive there.',
    clearsAt: '17m',
  },
  {
    alert: 'ConsumerNotPolling',
    what: 'a service is not there at all, until it is',
    series: { [produced]: '0+10x60', [consumed]: '_x10 0+10x50' },
    quietAt: '2m',
    firesAt: '5m',
    labels: { severity: 'page', consumer_group: 'payment-service', topic: 'order_placed' },
    summary: 'payment-service takes nothing from order_placed, although events arrive there.',
    clearsAt: '13m',
  },
  {
    alert: 'LagAgeGrowing',
    what: 'the oldest event grows older and older',
    series: { 'consumer_lag_age_seconds{service="inventory"}': '0+15x20 0x20' },
    quietAt: '4m',
    firesAt: '10m',
    labels: { severity: 'ticket', service: 'inventory' },
    summary: 'The oldest event before inventory waits for 2m 30s, and longer and longer.',
    clearsAt: '25m',
  },
  {
    alert: 'ConsumerInOutage',
    what: 'a consumer waits for five minutes',
    series: { 'consumer_in_outage{service="payment"}': '0 1x5 0x10' },
    quietAt: '2m',
    firesAt: '4m',
    labels: { severity: 'page', service: 'payment' },
    summary: 'payment waits for Kafka, MongoDB or the payment gateway to come back.',
    clearsAt: '8m',
  },
  {
    alert: 'PipelineNotScraped',
    what: 'the metrics stay away',
    series: { 'consumer_lag_age_seconds{service="order"}': '0x2 _x14 0x10' },
    quietAt: '11m',
    firesAt: '14m',
    labels: { severity: 'page' },
    summary: 'No service of the pipeline tells any metrics, so no other alert here can fire.',
    clearsAt: '18m',
  },
  {
    alert: 'OrdersStuck',
    what: 'three orders wait for one group',
    series: { 'orders_stuck{consumer_group="payment-service",topic="order_placed"}': '0 0 3x5 0x10' },
    quietAt: '2m',
    firesAt: '4m',
    labels: { severity: 'page', consumer_group: 'payment-service', topic: 'order_placed' },
    summary: '3 orders do not move: they wait for payment-service to work off order_placed.',
    clearsAt: '9m',
  },
  {
    alert: 'OutboxStuck',
    what: 'an event is not published',
    series: { 'outbox_oldest_age_seconds{service="order"}': '0+30x5 0x10' },
    quietAt: '3m',
    firesAt: '5m',
    labels: { severity: 'page', service: 'order' },
    summary: 'An event of order is stored and not published since 2m 30s.',
    clearsAt: '7m',
  },
  {
    alert: 'DeadLettersArrive',
    what: 'one event could not be worked off',
    series: { [letters]: '0 0 1x60' },
    quietAt: '1m',
    firesAt: '3m',
    labels: { severity: 'ticket', service: 'payment', topic: 'order_placed', kind: 'schema' },
    summary: 'payment could not work off events of order_placed (schema).',
    clearsAt: '19m',
  },
  {
    alert: 'GatewayFailing',
    what: 'nine of ten calls fail for ten minutes',
    series: { [gateway('failed')]: '0+9x10 90x30', [gateway('captured')]: '0+1x10 20+10x30' },
    quietAt: '2m',
    firesAt: '5m',
    labels: { severity: 'page' },
    summary: '90% of the calls of the payment gateway fail.',
    clearsAt: '17m',
  },
  {
    alert: 'RefundRefused',
    what: 'a refund is refused',
    series: { 'payment_refunds_refused_total{service="payment"}': '0 0 1x100' },
    quietAt: '1m',
    firesAt: '3m',
    labels: { severity: 'ticket' },
    summary:
      'The gateway refuses a refund for good: a customer waits for money that somebody has to give back by hand.',
    clearsAt: '65m',
  },
  {
    alert: 'AuditFoundViolation',
    what: 'two products do not balance, until they do',
    series: { 'audit_violations{rule="stock-balances"}': '0 2x4 0x10' },
    quietAt: '0m',
    firesAt: '2m',
    labels: { severity: 'page', rule: 'stock-balances' },
    summary: 'The auditor finds 2 violations of stock-balances.',
    clearsAt: '6m',
  },
  {
    alert: 'AuditorNotRunning',
    what: 'no audit comes to a result for more than an hour',
    series: { audit_last_run_timestamp_seconds: '0x69 4200x20' },
    quietAt: '64m',
    firesAt: '67m',
    labels: { severity: 'ticket' },
    summary: 'The last audit that came to a result began 1h 7m 0s ago.',
    clearsAt: '72m',
  },
];
