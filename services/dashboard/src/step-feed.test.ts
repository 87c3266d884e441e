import { expect, test } from '@jest/globals';
import { startingPoint } from './step-feed.ts';

test('a new follower starts with the latest kept steps', () => {
  expect(startingPoint(undefined, 1, 1_000)).toEqual({ after: 800, lost: 0, newest: 1_000 });
  expect(startingPoint(undefined, 1, 10)).toEqual({ after: 0, lost: 0, newest: 10 });
  expect(startingPoint(undefined, 951, 1_000)).toEqual({ after: 950, lost: 0, newest: 1_000 });
  expect(startingPoint(undefined, 0, 0)).toEqual({ after: 0, lost: 0, newest: 0 });
});

test('a follower that reconnects continues after its last step', () => {
  expect(startingPoint(700, 1, 1_000)).toEqual({ after: 700, lost: 0, newest: 1_000 });
  expect(startingPoint(1_000, 1, 1_000)).toEqual({ after: 1_000, lost: 0, newest: 1_000 });
});

test('a follower whose next steps were deleted learns how many it lost', () => {
  expect(startingPoint(700, 801, 1_000)).toEqual({ after: 800, lost: 100, newest: 1_000 });
});

test('a follower of another database starts like a new one', () => {
  expect(startingPoint(5_000, 1, 300)).toEqual({ after: 100, lost: 0, newest: 300 });
});
