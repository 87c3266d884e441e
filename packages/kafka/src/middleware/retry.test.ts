import { expect, test } from '@jest/globals';
import { decodedEvents, neverAborted } from '../../test/decoded-events.ts';
import type { Step } from '../consumer/handler.ts';
import { withRetry } from './retry.ts';

const backoff = { firstMs: 1, maxMs: 2 };

/** Fails so often, then succeeds; counts its calls. */
function failingStep(failures: number) {
  const step = { calls: 0, run: (async () => 'done') as Step<string> };
  step.run = async () => {
    step.calls += 1;
    if (step.calls <= failures) throw new Error(`failure ${step.calls}`);
    return 'done';
  };
  return step;
}

test('retries a single event until the step succeeds', async () => {
  const step = failingStep(2);
  const retried = withRetry({ maxAttempts: 3, backoff }, step.run);
  await expect(retried(decodedEvents(1), neverAborted)).resolves.toBe('done');
  expect(step.calls).toBe(3);
});

test.each([1, 2, 5])('throws the last error after %d attempts', async (maxAttempts) => {
  const step = failingStep(Infinity);
  const retried = withRetry({ maxAttempts, backoff }, step.run);
  await expect(retried(decodedEvents(1), neverAborted)).rejects.toThrow(`failure ${maxAttempts}`);
  expect(step.calls).toBe(maxAttempts);
});

test('retries no batch of several events, because it does not know which of them fails', async () => {
  const step = failingStep(1);
  await expect(withRetry({ maxAttempts: 3, backoff }, step.run)(decodedEvents(2), neverAborted)).rejects.toThrow(
    'failure 1',
  );
  expect(step.calls).toBe(1);
});

test('does not retry once the signal is aborted, and throws its reason', async () => {
  const abandon = new AbortController();
  const reason = new Error('the membership is lost');
  const step = failingStep(Infinity);
  const retried = withRetry({ maxAttempts: 5, backoff: { firstMs: 60_000, maxMs: 60_000 } }, step.run);
  const result = retried(decodedEvents(1), abandon.signal);
  abandon.abort(reason);
  await expect(result).rejects.toBe(reason);
  expect(step.calls).toBe(1);
});
