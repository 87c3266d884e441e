/** promtool verifies on the shipped rules that each alert fires in time, with the right text, and clears. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { ruleGroups } from '../../monitoring/rules.ts';
import { runbookUrl } from '../../monitoring/runbooks.ts';
import { promtool } from './prometheus.ts';
import type { RuleCase } from './rule-case.ts';
import { ruleCases } from './rule-cases.ts';

jest.setTimeout(600_000);

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
const rules = join(dir, 'rules.yaml');
beforeAll(() => {
  const shipped = resolve(import.meta.dirname, '../../k8s/base/monitoring/prometheus-rules.yaml');
  writeFileSync(rules, stringify(parse(readFileSync(shipped, 'utf8')).spec));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function promtoolTest(ruleCase: RuleCase): object {
  const { alert, every = '1m', series, labels, summary, quietAt, firesAt, clearsAt, left } = ruleCase;
  const firing = (expected?: Pick<RuleCase, 'labels' | 'summary'>) =>
    expected === undefined
      ? []
      : [
          {
            exp_labels: expected.labels,
            exp_annotations: { summary: expected.summary, runbook_url: runbookUrl(alert) },
          },
        ];
  const at = (eval_time: string, exp_alerts: object[]) => ({ eval_time, alertname: alert, exp_alerts });
  return {
    interval: every,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [at(quietAt, firing()), at(firesAt, firing({ labels, summary })), at(clearsAt, firing(left))],
  };
}

const check = async (ruleCase: RuleCase): Promise<string> => {
  const file = join(dir, 'tests.yaml');
  const content = {
    rule_files: [rules],
    evaluation_interval: ruleCase.every ?? '1m',
    // Recording rules before the alerts that use them; promtool's default order is arbitrary.
    group_eval_order: ruleGroups().map(({ name }) => name),
    tests: [promtoolTest(ruleCase)],
  };
  writeFileSync(file, stringify(content));
  return promtool('test', 'rules', file);
};

test.each(ruleCases.map((each) => [each.alert, each.what, each] as const))('%s: %s', async (_, __, ruleCase) => {
  expect(await check(ruleCase)).toContain('SUCCESS');
});

test('detects a rule that fires at another time or with another text', async () => {
  const [ruleCase] = ruleCases.filter(({ alert }) => alert === 'OutboxStuck');
  await expect(check({ ...ruleCase!, firesAt: '3m' })).rejects.toThrow(/FAILED/u);
  await expect(check({ ...ruleCase!, clearsAt: '5m' })).rejects.toThrow(/FAILED/u);
  await expect(check({ ...ruleCase!, summary: 'something else' })).rejects.toThrow(/FAILED/u);
});

test('every alert is tested in each of its severities', () => {
  const alerts = ruleGroups()
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => ('alert' in rule ? [`${rule.alert} ${rule.labels['severity']}`] : []));
  const tested = new Set(ruleCases.map(({ alert, labels }) => `${alert} ${labels['severity']}`));
  expect([...new Set(alerts)].toSorted()).toEqual([...tested].toSorted());
});
