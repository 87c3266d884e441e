/** All rules for Prometheus: the shares that the objectives speak of, and the alerts. */
import { alerts, type Alert } from './alerts.ts';
import { wallClock, type Clock } from './clock.ts';
import { burns, objectives } from './objectives.ts';

export interface RecordingRule {
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
  const windows = burns
    .flatMap(({ shortSeconds, longSeconds }) => [shortSeconds, longSeconds])
    .toSorted((a, b) => a - b);
  const recorded = objectives.flatMap(({ record, bad }) =>
    windows.map((seconds): RecordingRule => ({
      // The name tells the window in production, however fast the clock runs.
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

/** The runbook of an alert, from the root of the repository. */
export const runbookOf = (alert: string): string =>
  `docs/runbooks/${alert.replaceAll(/(?<=.)([A-Z])/g, '-$1').toLowerCase()}.md`;

const alertRule = ({ name, expr, forSeconds, severity, labels, summary }: Alert, clock: Clock): AlertRule => ({
  alert: name,
  expr,
  for: clock.span(forSeconds),
  labels: { severity, ...labels },
  annotations: { summary, runbook: runbookOf(name) },
});
