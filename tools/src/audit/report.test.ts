import { describe, expect, test } from '@jest/globals';
import type { AuditResult } from './audit.ts';
import { progressLine, report } from './report.ts';

const result = (violations: number, more: Partial<AuditResult> = {}): AuditResult => ({
  startedAt: '2026-03-01T12:00:00.000Z',
  tookMs: 2_500,
  youngerThanMs: 300_000,
  checked: { events: 40, orders: 10 },
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
  test('without violations says so, and how much was looked at', () => {
    expect(report(result(0))).toEqual([
      'ok        all-is-well: All is well.',
      'ok        nothing-is-lost: Nothing is lost.',
      '',
      'No violation. Went through 40 events, 10 orders in 2 s.',
    ]);
  });

  test('names the first orders of a violated rule, and counts the others', () => {
    const lines = report(result(250));
    expect(lines[1]).toBe('VIOLATED  nothing-is-lost: Nothing is lost. (250)');
    expect(lines[2]).toBe('            order-0 is lost');
    expect(lines[12]).toBe('            … and 240 more');
    expect(lines.at(-1)).toMatch(/^250 violations\./);
  });

  test('does not claim to have counted all where nearly everything is wrong', () => {
    expect(report(result(10_000))[1]).toContain('(10000 or more)');
  });

  test('says when there are too many events for the memory', () => {
    expect(report(result(0, { missingEventErrorRate: 0.0123 })).at(-1)).toBe(
      'There are so many events that 1.2 % of missing ones are overlooked.',
    );
  });
});

test('the progress bar shows what share of which source is done', () => {
  expect(progressLine('orders', 0, 200)).toBe('░░░░░░░░░░░░░░░░░░░░   0 %  orders 0/200');
  expect(progressLine('orders', 50, 200)).toBe('█████░░░░░░░░░░░░░░░  25 %  orders 50/200');
  expect(progressLine('letters', 0, 0)).toBe('████████████████████ 100 %  letters 0/0');
});
