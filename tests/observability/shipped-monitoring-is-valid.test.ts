/** The shipped rules, dashboards and runbooks are current and valid, and each alert has a runbook. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { dashboards } from '../../monitoring/dashboards.ts';
import { ruleGroups, type AlertRule } from '../../monitoring/rules.ts';
import { runbookOf, runbookUrl } from '../../monitoring/runbooks.ts';
import { filledIn, metricNamesOf } from './metric-names.ts';
import { promtool } from './prometheus.ts';

jest.setTimeout(600_000);

const repository = resolve(import.meta.dirname, '../..');
const shipped = join(repository, 'k8s/base/monitoring');
const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const alertRules = ruleGroups()
  .flatMap(({ rules }) => rules)
  .filter((rule): rule is AlertRule => 'alert' in rule);
const panels = dashboards.flatMap((dashboard) =>
  dashboard.rows.flatMap((row) => row.panels.map((panel) => ({ dashboard: dashboard.name, ...panel }))),
);

test('kustomize takes the rules and every dashboard', () => {
  const { configMapGenerator, resources } = parse(readFileSync(join(shipped, 'kustomization.yaml'), 'utf8'));
  const made = dashboards.map(({ name }) => `dashboards/${name}.json`);
  expect(configMapGenerator[0].files.toSorted()).toEqual(made.toSorted());
  expect(resources).toContain('prometheus-rules.yaml');
});

test('promtool accepts the rules and the expressions of the dashboards', async () => {
  const { spec } = parse(readFileSync(join(shipped, 'prometheus-rules.yaml'), 'utf8'));
  const rules = join(dir, 'rules.yaml');
  writeFileSync(rules, stringify(spec));
  expect(await promtool('check', 'rules', '--lint=all', '--lint-fatal', rules)).toMatch(/SUCCESS: \d+ rules found/u);

  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const recorded = expressions.map((expr, index) => ({
    record: `panel:number_${index}`,
    expr: filledIn(expr, '5m'),
  }));
  const asRules = join(dir, 'panels.yaml');
  writeFileSync(asRules, stringify({ groups: [{ name: 'panels', rules: recorded }] }));
  expect(await promtool('check', 'rules', asRules)).toContain(`SUCCESS: ${expressions.length} rules found`);
  writeFileSync(
    asRules,
    stringify({ groups: [{ name: 'panels', rules: [{ record: 'a', expr: 'sum(rate(b[5m])' }] }] }),
  );
  await expect(promtool('check', 'rules', asRules)).rejects.toThrow(/parse error/u);
});

test('the scaler’s series keep the namespace of their resource, which the alerts name', () => {
  const chart = readFileSync(join(repository, 'helm/consumer-scaler/templates/deployment.yaml'), 'utf8');
  expect(chart.slice(chart.indexOf('kind: PodMonitor'))).toMatch(/path: \/metrics, .*honorLabels: true/u);
});

describe('a runbook', () => {
  const runbooks = join(repository, 'docs/runbooks');
  const alerts = [...new Set(alertRules.map(({ alert }) => alert))];
  const names = alerts.map(runbookOf);

  test.each(alerts)('of %s is linked, and has the sections What it means, What to check and What to do', (alert) => {
    for (const { annotations } of alertRules.filter((rule) => rule.alert === alert)) {
      expect(annotations['runbook_url']).toBe(runbookUrl(alert));
      expect(new URL(annotations['runbook_url']!).pathname.endsWith(`/${runbookOf(alert)}`)).toBe(true);
    }
    const text = readFileSync(join(repository, runbookOf(alert)), 'utf8');
    expect(text).toMatch(new RegExp(`^# ${alert}\n`, 'u'));
    for (const part of ['What it means', 'What to check', 'What to do']) expect(text).toContain(`\n## ${part}\n`);
  });

  test('exists for each alert, and for nothing else', () => {
    const files = readdirSync(runbooks).filter((name) => name !== 'README.md');
    expect(files.map((name) => `docs/runbooks/${name}`).toSorted()).toEqual(names.toSorted());
    const overview = readFileSync(join(runbooks, 'README.md'), 'utf8');
    const operations = readFileSync(join(repository, 'docs/operations.md'), 'utf8');
    const linked = (text: string, folder = '') => files.filter((file) => text.includes(`(${folder}${file})`));
    expect(linked(overview)).toEqual(files);
    expect(linked(operations, 'runbooks/')).toEqual(files);
  });

  test('names only metrics that a rule or a dashboard uses', () => {
    const known = new Set(
      [
        ...alertRules.map(({ expr }) => expr),
        ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ].flatMap(metricNamesOf),
    );
    const isMetric = /^[a-z]+_[a-z_]+_(total|seconds|documents|events|count|sum|bucket|outage|stuck|violations)$/u;
    const mentioned = readdirSync(runbooks).flatMap((file) =>
      [...readFileSync(join(runbooks, file), 'utf8').matchAll(/`([a-z_]+)[`{]/g)].map(([, name]) => name!),
    );
    expect(mentioned.filter((name) => isMetric.test(name) && !known.has(name))).toEqual([]);
  });
});

/** Every situation that a dashboard or an alert must show. */
const required = {
  dashboards: {
    'order-pipeline-overview': ['Objectives', 'Orders', 'Failures'],
    'order-pipeline-consumers': ['Throughput', 'Lag', 'Durations and disturbances'],
    'order-pipeline-service': ['HTTP', 'Events', 'Process'],
    'order-pipeline-scaler': ['Decisions', 'Observations', 'Controller'],
  },
  alerts: {
    'objectives: placed to shipped, and success ratio': ['OrdersShipLate', 'OrdersNotAccepted'],
    'lag age growing': ['LagAgeGrowing'],
    'outbox stuck': ['OutboxStuck'],
    'dead letters': ['DeadLettersArrive'],
    'the auditor finds a violation, or is not there': ['AuditFoundViolation', 'AuditorNotRunning'],
    'a consumer does not poll, or waits for an outage': ['ConsumerNotPolling', 'ConsumerInOutage'],
    'orders or money do not move': ['OrdersStuck', 'GatewayFailing', 'RefundRefused'],
    'the scaler in fallback, ineffective or gone': ['ScalerInFallback', 'ScalerIneffective', 'ScalerNotRunning'],
    'nothing is measured': ['PipelineNotScraped'],
  },
};

describe('there is', () => {
  test.each(Object.entries(required.alerts))('an alert of: %s', (_, names) => {
    expect(alertRules.map(({ alert }) => alert)).toEqual(expect.arrayContaining(names));
  });

  test.each(Object.entries(required.dashboards))('the dashboard %s', (name, rows) => {
    const dashboard = dashboards.find((one) => one.name === name);
    expect(dashboard?.rows.map(({ title }) => title)).toEqual(rows);
    for (const { panels } of dashboard!.rows) expect(panels.length).toBeGreaterThan(2);
  });
});

describe('a dashboard', () => {
  test.each(dashboards.map(({ name }) => name))(
    '%s has a place and a sentence for each panel, and a line at each bound',
    (name) => {
      const { uid, panels } = JSON.parse(readFileSync(join(shipped, 'dashboards', `${name}.json`), 'utf8'));
      expect(uid).toBe(name);
      const ids = panels.map(({ id }: { id: number }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const taken = new Set<string>();
      for (const { gridPos, type, description, targets, fieldConfig } of panels) {
        const drawn = fieldConfig?.defaults.custom?.thresholdsStyle.mode === 'line';
        expect(drawn).toBe(type === 'timeseries' && fieldConfig.defaults.thresholds.steps.length > 1);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(x).toBeLessThan(24);
            expect(taken.has(`${x}/${y}`)).toBe(false);
            taken.add(`${x}/${y}`);
          }
        }
        expect(type === 'row' || (description.endsWith('.') && targets.length > 0)).toBe(true);
      }
    },
  );
});
