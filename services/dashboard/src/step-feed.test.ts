import { expect, test } from '@jest/globals';
import { startingPoint } from './step-feed.ts';

test('who comes anew begins with the last steps that are kept', () => {
  expect(startingPoint(undefined, 1, 1_000)).toEqual({ after: 800, lost: 0, newest: 1_000 });
  expect(startingPoint(undefined, 1, 10)).toEqual({ after: 0, lost: 0, newest: 10 });
  expect(startingPoint(undefined, 951, 1_000)).toEqual({ after: 950, lost: 0, newest: 1_000 });
  expect(startingPoint(undefined, 0, 0)).toEqual({ after: 0, lost: 0, newest: 0 });
});

test('who comes back goes on after the step that he saw last', () => {
  expect(startingPoint(700, 1, 1_000)).toEqual({ after: 700, lost: 0, newest: 1_000 });
  expect(startingPoint(1_000, 1, 1_000)).toEqual({ after: 1_000, lost: 0, newest: 1_000 });
});

test('who comes back after what he saw last is gone is told how much he lost', () => {
  expect(startingPoint(700, 801, 1_000)).toEqual({ after: 800, lost: 100, newest: 1_000 });
});

test('a step from the future is one of another database: nothing of this one was seen', () => {
  expect(startingPoint(5_000, 1, 300)).toEqual({ after: 100, lost: 0, newest: 300 });
});
