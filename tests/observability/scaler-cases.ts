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
    summary: 'shop/payment: the lag is unknown, so the scaler follows spec.fallback.',
    clearsAt: '16m',
  },
  {
    alert: 'ScalerIneffective',
    what: 'a step up does not help',
    series: { [condition('Effective')]: '1x4 0x10 1x10' },
    quietAt: '6m',
    firesAt: '8m',
    labels: { severity: 'ticket', namespace: 'shop', name: 'payment' },
    summary:
      'shop/payment misses its objective, and more replicas do not help: something that they share is the bottleneck.',
    clearsAt: '16m',
  },
  {
    alert: 'ScalerNotRunning',
    what: 'the leader terminates, and another takes over',
    series: { [leads('a')]: '1x10 _x60', [leads('b')]: '0x25 1x40' },
    quietAt: '18m',
    firesAt: '23m',
    labels: { severity: 'ticket', namespace: 'shop' },
    summary: 'No consumer scaler leads: replicas stay as they are, whatever the load.',
    clearsAt: '27m',
  },
  {
    alert: 'ScalerNotRunning',
    what: 'all replicas terminate; after a day they count as uninstalled',
    every: '30m',
    series: { [leads('a')]: '1x1 _x60' },
    quietAt: '30m',
    firesAt: '23h',
    labels: { severity: 'ticket', namespace: 'shop' },
    summary: 'No consumer scaler leads: replicas stay as they are, whatever the load.',
    clearsAt: '25h',
  },
];
