/** When the burn rates of the objectives raise an alert. */
import type { RuleCase } from './rule-case.ts';

const posts = (status: number) =>
  `http_request_duration_seconds_count{method="POST",route="/orders",status="${status}",service="order"}`;
const shippedCount = 'order_placed_to_shipped_seconds_count{service="order"}';
const shippedInTime = 'order_placed_to_shipped_seconds_bucket{le="1",service="order"}';
/** The label as Prometheus 3 stores it. */
const shippedInTimeSince3 = 'order_placed_to_shipped_seconds_bucket{le="1.0",service="order"}';

/** A short and severe breach: the page clears, and the ticket still fires. */
const heavilyLate: RuleCase = {
  alert: 'OrdersShipLate',
  what: 'nine of ten orders are late for twenty minutes',
  series: { [shippedCount]: '0+10x40', [shippedInTime]: '0+1x20 30+10x20' },
  quietAt: '1m',
  firesAt: '10m',
  labels: { severity: 'page' },
  summary: '90% of the orders that ship take more than 1 s; 5 % is the error budget.',
  clearsAt: '27m',
  left: {
    labels: { severity: 'ticket' },
    summary: '66.67% of the orders that ship take more than 1 s; 5 % is the error budget.',
  },
};

export const objectiveCases: readonly RuleCase[] = [
  heavilyLate,
  {
    alert: 'OrdersShipLate',
    what: 'four of ten orders are late for an hour',
    every: '5m',
    series: { [shippedCount]: '0+50x180', [shippedInTime]: '0+30x12 410+50x168' },
    quietAt: '14m',
    firesAt: '30m',
    labels: { severity: 'ticket' },
    summary: '40% of the orders that ship take more than 1 s; 5 % is the error budget.',
    clearsAt: '10h',
  },
  {
    ...heavilyLate,
    what: 'the same where the bounds of buckets are fractions, as in Prometheus 3',
    series: { [shippedCount]: '0+10x40', [shippedInTimeSince3]: '0+1x20 30+10x20' },
  },
  {
    alert: 'OrdersShipLate',
    what: 'a twelfth of all orders is late for two days, which just misses the objective',
    every: '30m',
    series: { [shippedCount]: '0+360x120', [shippedInTime]: '0+330x96 32040+360x24' },
    quietAt: '30m',
    firesAt: '2d',
    labels: { severity: 'ticket' },
    summary: '8.333% of the orders that ship take more than 1 s; 5 % is the error budget.',
    clearsAt: '54h',
  },
  {
    alert: 'OrdersNotAccepted',
    what: 'three of a hundred requests get a 503, not counting invalid requests',
    series: { [posts(201)]: '0+95x40', [posts(422)]: '0+2x40', [posts(503)]: '0+3x20 60x20' },
    quietAt: '1m',
    firesAt: '10m',
    labels: { severity: 'page' },
    summary: '3% of the orders that customers place get a server error; 0.1 % is the error budget.',
    clearsAt: '27m',
    left: {
      labels: { severity: 'ticket' },
      summary: '2.24% of the orders that customers place get a server error; 0.1 % is the error budget.',
    },
  },
  {
    alert: 'OrdersNotAccepted',
    what: 'one of a hundred requests gets a 503 for an hour',
    every: '5m',
    series: { [posts(201)]: '0+495x180', [posts(503)]: '0+5x12 60x168' },
    quietAt: '14m',
    firesAt: '30m',
    labels: { severity: 'ticket' },
    summary: '1% of the orders that customers place get a server error; 0.1 % is the error budget.',
    clearsAt: '10h',
  },
];
