import { describe, expect, test } from '@jest/globals';
import type { AuditResult } from './audit.ts';
import { jsonReport, progressLine, report } from './report.ts';

const result = (violations: number, more: Partial<AuditResult> = {}): AuditResult => ({
  startedAt: '2026-03-01T12:00:00.000Z',
  tookMs: 2_500,
  youngerThanMs: 300_000,
  checked: { 'dead letters': 2, events: 40, orders: 10 },
  missingEventErrorRate: 1e-7,
  violations,
  rules: [
    { id: 'all-is-well', sentence: 'All is well.', violations: 0, more: false, examples: [] },
    {
      id: 'nothing-is-lost',
      sentence: 'Nothing is lost.',
      violations,
      more: violations === 10_000,
      examples: Array.from({ length: Math.min(100, violations) }, (_, i) => ({
        subject: `order-${i}`,
        detail: 'is lost',
      })),
    },
  ],
  ...more,
});

describe('a report', () => {
  test('without violations says so, and how much was checked', () => {
    expect(report(result(0))).toEqual([
      'ok        all-is-well: All is well.',
      'ok        nothing-is-lost: Nothing is lost.',
      '',
      'No violation. Checked 2 dead letters, 40 events, 10 orders in 2 s.',
    ]);
  });

  test('names the first orders of a violated rule, and counts the others', () => {
    const lines = report(result(250));
    expect(lines[1]).toBe('VIOLATED  nothing-is-lost: Nothing is lost. (250)');
    expect(lines[2]).toBe('            order-0 is lost');
    expect(lines[12]).toBe('            … and 240 more');
    expect(lines.at(-1)).toMatch(/^250 violations\./);
  });

  test('says that there may be more violations than it counted', () => {
    expect(report(result(10_000))[1]).toContain('(10000 or more)');
  });

  test('says when there are too many events for the memory', () => {
    expect(report(result(0, { missingEventErrorRate: 0.0123 })).at(-1)).toBe(
      'There are so many events that the audit overlooks 1.2 % of missing ones.',
    );
  });

  test('has the released names of the counts as JSON', () => {
    expect(jsonReport(result(0))).toMatchObject({ checked: { letters: 2, events: 40, orders: 10 } });
  });
});

test('the progress bar shows what share of which source is done', () => {
  expect(progressLine('orders', 0, 200)).toBe('░░░░░░░░░░░░░░░░░░░░   0 %  orders 0/200');
  expect(progressLine('orders', 50, 200)).toBe('█████░░░░░░░░░░░░░░░  25 %  orders 50/200');
  expect(progressLine('dead letters', 0, 0)).toBe('████████████████████ 100 %  dead letters 0/0');
});
