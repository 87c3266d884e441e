/** All rules for Prometheus: the recorded shares of the objectives, and the alerts. */
import type { Alert } from './alert.ts';
import { alerts } from './alerts.ts';
import { wallClock, type Clock } from './clock.ts';
import { burnWindows, objectives } from './objectives.ts';
import { runbookUrl } from './runbooks.ts';

interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

export function ruleGroups(clock: Clock = wallClock): RuleGroup[] {
  const recorded = objectives.flatMap(({ record, bad }) =>
    burnWindows.map((seconds): RecordingRule => ({
      // The name has the window in production, however fast a test lets the clock run.
      record: `${record}${wallClock.span(seconds)}`,
      expr: bad(clock.span(seconds)),
    })),
  );
  const byGroup = Map.groupBy(alerts(clock), ({ group }) => group);
  return [
    { name: 'order-pipeline-shares', rules: recorded },
    ...[...byGroup].map(([group, list]) => ({
      name: `order-pipeline-${group}`,
      rules: list.map((alert) => alertRule(alert, clock)),
    })),
  ];
}

const alertRule = ({ name, expr, forSeconds, severity, labels, summary }: Alert, clock: Clock): AlertRule => ({
  alert: name,
  expr,
  for: clock.span(forSeconds),
  labels: { severity, ...labels },
  annotations: { summary, runbook_url: runbookUrl(name) },
});
