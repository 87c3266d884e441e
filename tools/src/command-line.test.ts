import { describe, expect, test } from '@jest/globals';
import { parseArguments, parseCount, parseDurationMs, table } from './command-line.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['0s', 0],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, ms) => expect(parseDurationMs('audit', '--every', text)).toBe(ms));

  test.each(['', '5', 'm', '-5m', '1.5h', '5 m', '5M'])('is not %j', (text) => {
    expect(() => parseDurationMs('audit', '--every', text)).toThrow(
      `--every ${text}: expected a duration such as 500ms, 30s, 5m, 2h or 1d. See npm run audit -- --help.`,
    );
  });
});

test('a count outside its range is refused with the range', () => {
  expect(parseCount('dlq', '--max', '7', { min: 1, max: 10 })).toBe(7);
  for (const text of ['0', '11', '1e3', '-1', '']) {
    expect(() => parseCount('dlq', '--max', text, { min: 1, max: 10 })).toThrow('a whole number from 1 to 10');
  }
});

test('an unknown option is named, with a reference to --help', () => {
  expect(() => parseArguments('dlq', ['--grop', 'x'], { group: { type: 'string' } })).toThrow(
    /^Unknown option '--grop'\. See npm run dlq -- --help\.$/,
  );
});

test('columns are aligned, and lines have no trailing space', () => {
  expect(
    table([
      ['A', 'LONGER'],
      ['wide', ''],
      ['x', 'y'],
    ]),
  ).toEqual(['A     LONGER', 'wide', 'x     y']);
});
