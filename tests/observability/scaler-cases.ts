/** When the consumer scaler's alerts fire. */
import type { RuleCase } from './rule-case.ts';

const condition = (type: string) =>
  `consumer_scaler_condition{namespace="shop",name="payment",type="${type}",service="consumer-scaler"}`;
const leads = (pod: string) =>
  `leader_election_master_status{name="consumerscaler",namespace="shop",pod="${pod}",service="consumer-scaler"}`;

export const scalerCases: readonly RuleCase[] = [
  {
    alert: 'ScalerInFallback',
    what: 'the lag of a group is unknown for ten minutes',
    series: { [condition('FallbackActive')]: '0x4 1x10 0x10' },
    quietAt: '6m',
    firesAt: '8m',
    labels: { severity: 'ticket', namespace: 'shop', name: 'payment' },
    summary: 'shop/payment: the lag is unknown, so the scaler does what the resource lays down for that.',
    clearsAt: '16m',
  },
  {
    alert: 'ScalerIneffective',
    what: 'a step up has brought nothing',
    series: { [condition('Effective')]: '1x4 0x10 1x10' },
    quietAt: '6m',
    firesAt: '8m',
    labels: { severity: 'ticket', namespace: 'shop', name: 'payment' },
    summary: 'shop/payment is behind, and more replicas bring nothing: something that they share is the bottleneck.',
    clearsAt: '16m',
  },
  {
    alert: 'ScalerNotRunning',
    what: 'the one that leads is gone, until another leads',
    series: { [leads('a')]: '1x10 _x60', [leads('b')]: '0x25 1x40' },
    quietAt: '18m',
    firesAt: '23m',
    labels: { severity: 'ticket', namespace: 'shop' },
    summary: 'No consumer scaler leads: replicas stay as they are, whatever arrives.',
    clearsAt: '27m',
  },
  {
    alert: 'ScalerNotRunning',
    what: 'all are gone; after a day they are taken for uninstalled',
    every: '30m',
    series: { [leads('a')]: '1x1 _x60' },
    quietAt: '30m',
    firesAt: '23h',
    labels: { severity: 'ticket', namespace: 'shop' },
    summary: 'No consumer scaler leads: replicas stay as they are, whatever arrives.',
    clearsAt: '25h',
  },
];
