import { expect, test } from '@jest/globals';
import { duration, samplesOf } from './health-overview.ts';

const metrics = `# HELP outbox_pending_documents Documents with unpublished events.
# TYPE outbox_pending_documents gauge
outbox_pending_documents{service="order"} 12
outbox_pending_documents_total 99
audit_violations{rule="money-charged-once",service="audit"} 0
audit_violations{rule="stock-balances"} 2
plain 1.5e3
`;

test('finds the samples of a metric with their labels, without those of a longer name', () => {
  expect(samplesOf(metrics, 'outbox_pending_documents')).toEqual([{ labels: { service: 'order' }, value: 12 }]);
  expect(samplesOf(metrics, 'audit_violations').map(({ labels, value }) => [labels['rule'], value])).toEqual([
    ['money-charged-once', 0],
    ['stock-balances', 2],
  ]);
  expect(samplesOf(metrics, 'plain')).toEqual([{ labels: {}, value: 1_500 }]);
  expect(samplesOf(metrics, 'nothing')).toEqual([]);
});

test('shows a duration in one unit', () => {
  expect([5, 119, 3_600, 200_000].map(duration)).toEqual(['5 s', '1 min', '1 h', '2 d']);
});
