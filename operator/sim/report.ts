import type { Outcome } from './simulate.ts';

/** The columns of the table, each the mean over the seeds. */
const columns: readonly {
  readonly title: string;
  readonly value: (outcome: Outcome) => number;
  readonly digits: number;
}[] = [
  { title: 'seconds late', value: (outcome) => outcome.secondsLate, digits: 0 },
  { title: 'p99 age (s)', value: (outcome) => outcome.p99AgeSeconds, digits: 0 },
  { title: 'replica-hours', value: (outcome) => outcome.replicaHours, digits: 1 },
  { title: 'rebalances', value: (outcome) => outcome.rebalances, digits: 1 },
  { title: 'stopped (s)', value: (outcome) => outcome.pausedSeconds, digits: 0 },
];

export type Row = { readonly workload: string; readonly policy: string; readonly outcomes: readonly Outcome[] };

const mean = (outcomes: readonly Outcome[], value: (outcome: Outcome) => number) =>
  outcomes.reduce((sum, outcome) => sum + value(outcome), 0) / outcomes.length;

export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) =>
    [row.workload, row.policy, ...columns.map(({ value, digits }) => mean(row.outcomes, value).toFixed(digits))].join(
      ' | ',
    ),
  );
  const header = ['workload', 'policy', ...columns.map((column) => column.title)].join(' | ');
  const rule = ['---', '---', ...columns.map(() => '---:')].join(' | ');
  return [header, rule, ...lines].map((line) => `| ${line} |`).join('\n');
}

/** One row per policy, summed over the workloads; the age is the maximum, because a sum of ages means nothing. */
export function suiteTable(rows: readonly Row[]): string {
  const policies = [...new Set(rows.map((row) => row.policy))];
  const lines = policies.map((policy) => {
    const own = rows.filter((row) => row.policy === policy);
    const cells = columns.map(({ title, value, digits }) => {
      const values = own.map((row) => mean(row.outcomes, value));
      const folded = title.startsWith('p99') ? Math.max(...values) : values.reduce((sum, one) => sum + one, 0);
      return folded.toFixed(digits);
    });
    return `| ${[policy, ...cells].join(' | ')} |`;
  });
  const titles = columns.map(({ title }) => (title.startsWith('p99') ? `worst ${title}` : title));
  return [
    `| ${['policy', ...titles].join(' | ')} |`,
    `| --- | ${columns.map(() => '---:').join(' | ')} |`,
    ...lines,
  ].join('\n');
}

/** The first policy's sums over the workloads, as a fraction of the second's. */
export function fractionsOf(rows: readonly Row[], ours: string, theirs: string) {
  const fraction = (value: (outcome: Outcome) => number): number => {
    const [a = 0, b = 0] = [ours, theirs].map((policy) =>
      rows.filter((row) => row.policy === policy).reduce((sum, row) => sum + mean(row.outcomes, value), 0),
    );
    return a / b;
  };
  return {
    secondsLate: fraction((outcome) => outcome.secondsLate),
    replicaHours: fraction((outcome) => outcome.replicaHours),
    rebalances: fraction((outcome) => outcome.rebalances),
  };
}

const widthPx = 760;
const panelPx = 150;
const leftPx = 60;
const colors = ['#1a7f37', '#cf222e', '#6e7781'];

/** Two panels over time, the age of the oldest record and the replicas, one line per policy. */
export function plot(
  title: string,
  about: string,
  maxAgeSeconds: number,
  lines: readonly { readonly policy: string; readonly outcome: Outcome }[],
): string {
  const panels = [
    {
      label: 'oldest record (s)',
      value: (point: Outcome['timeline'][number]) => point.ageSeconds,
      mark: maxAgeSeconds,
    },
    { label: 'replicas', value: (point: Outcome['timeline'][number]) => point.replicas, mark: undefined },
  ];
  const body = panels.map(({ label, value, mark }, index) => {
    const topPx = 40 + index * (panelPx + 30);
    const highest = Math.max(mark ?? 1, ...lines.flatMap(({ outcome }) => outcome.timeline.map(value)));
    const yPx = (y: number) => (topPx + panelPx * (1 - y / highest)).toFixed(1);
    const paths = lines.map(({ outcome }, color) => {
      const every = Math.max(1, Math.floor(outcome.timeline.length / 350));
      const last = outcome.timeline.at(-1)?.atSeconds ?? 1;
      const points = outcome.timeline
        .filter((_, position) => position % every === 0)
        .map(
          (point) => `${(leftPx + ((widthPx - leftPx - 10) * point.atSeconds) / last).toFixed(1)},${yPx(value(point))}`,
        );
      return `<polyline fill="none" stroke="${colors[color]}" stroke-width="1.3" points="${points.join(' ')}"/>`;
    });
    const objective =
      mark === undefined
        ? ''
        : `<line x1="${leftPx}" x2="${widthPx - 10}" y1="${yPx(mark)}" y2="${yPx(mark)}" stroke="#9a6700" stroke-dasharray="4 3"/>`;
    return [
      `<text x="${leftPx}" y="${topPx - 6}">${label}</text><text x="4" y="${topPx + 8}">${highest}</text>`,
      `<text x="4" y="${topPx + panelPx}">0</text>`,
      `<line x1="${leftPx}" x2="${widthPx - 10}" y1="${topPx + panelPx}" y2="${topPx + panelPx}" stroke="#d0d7de"/>`,
      objective,
      ...paths,
    ].join('\n');
  });
  const legend = lines.map(
    ({ policy }, color) => `<text x="${260 + color * 130}" y="16" fill="${colors[color]}">${policy}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${60 + 2 * (panelPx + 30)}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<text x="${leftPx}" y="16"><tspan font-weight="bold">${title}</tspan></text>`,
    `<text x="${widthPx - 10}" y="${40 + 2 * (panelPx + 30)}" text-anchor="end" fill="#57606a">${about}</text>`,
    ...legend,
    ...body,
    '</svg>\n',
  ].join('\n');
}
