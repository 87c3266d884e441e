/** The result of an audit as text and as JSON. Pure. */
import { duration } from '../duration.ts';
import type { AuditResult } from './audit.ts';

const shownExamples = 10;
/** Above it, the report warns that missing events may be overlooked. */
const warnAboveErrorRate = 1e-5;

export function report({ rules, checked, tookMs, violations, missingEventErrorRate }: AuditResult): string[] {
  const lines = rules.flatMap(({ id, sentence, violations, more, examples }) => {
    if (violations === 0) return [`ok        ${id}: ${sentence}`];
    const shown = examples.slice(0, shownExamples).map(({ subject, detail }) => `            ${subject} ${detail}`);
    const others = violations > shown.length ? [`            … and ${violations - shown.length} more`] : [];
    return [`VIOLATED  ${id}: ${sentence} (${violations}${more ? ' or more' : ''})`, ...shown, ...others];
  });
  const counts = Object.entries(checked).map(([source, count]) => `${count} ${source}`);
  const verdict =
    violations === 0 ? 'No violation.' : `${violations} ${violations === 1 ? 'violation' : 'violations'}.`;
  const overlooked = (missingEventErrorRate * 100).toPrecision(2);
  return [
    ...lines,
    '',
    `${verdict} Checked ${counts.join(', ')} in ${duration(tookMs)}.`,
    ...(missingEventErrorRate > warnAboveErrorRate
      ? [`There are so many events that the audit overlooks ${overlooked} % of missing ones.`]
      : []),
  ];
}

/** For `--json`, where the count of dead letters has its released name. */
export function jsonReport({ checked, ...result }: AuditResult): object {
  const { 'dead letters': letters, ...others } = checked;
  return { ...result, checked: { letters, ...others } };
}

const barWidth = 20;

/** One line of a progress bar, without colour and without its end of line. */
export function progressLine(source: string, done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${source} ${done}/${total}`;
}
