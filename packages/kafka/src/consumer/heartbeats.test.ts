import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { withHeartbeats } from './heartbeats.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const lost = new Error('the coordinator does not know this member');

test('sends a heartbeat every second while the work lasts, and one after it', async () => {
  let beats = 0;
  const work = Promise.withResolvers<void>();
  const working = withHeartbeats(
    async () => void (beats += 1),
    () => work.promise,
  );
  await jest.advanceTimersByTimeAsync(3_500);
  expect(beats).toBe(3);
  work.resolve();
  await working;
  expect(beats).toBe(4);
  expect(jest.getTimerCount()).toBe(0);
});

test('aborts the work when a heartbeat fails, and rejects with its error', async () => {
  const working = withHeartbeats(
    () => Promise.reject(lost),
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  );
  await Promise.all([expect(working).rejects.toBe(lost), jest.advanceTimersByTimeAsync(1_000)]);
});

test('rejects when the heartbeat after short work fails', async () => {
  await expect(
    withHeartbeats(
      () => Promise.reject(lost),
      async () => {},
    ),
  ).rejects.toBe(lost);
});

test('rejects with the error of the work, and sends no more heartbeats', async () => {
  let beats = 0;
  const error = new Error('abandoned');
  await expect(
    withHeartbeats(
      async () => void (beats += 1),
      () => Promise.reject(error),
    ),
  ).rejects.toBe(error);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(beats).toBe(0);
});
