import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { OutageError } from '@order-pipeline/resilience';
import { retryUntilDeadline } from './retry-until-deadline.ts';

interface Item {
  readonly name: string;
  readonly deadlineMs: number;
}

const item = (name: string, withinMs: number): Item => ({ name, deadlineMs: performance.now() + withinMs });
const outage = new OutageError('mongodb', 'no primary');
const backoff = { firstMs: 10, maxMs: 20 };

/** A database that is unavailable for so many attempts, and records the items of each. */
function unavailableFor(failures: number, attemptMs = 0) {
  const attempts: string[][] = [];
  return {
    attempts,
    async write(items: readonly Item[]): Promise<string[]> {
      attempts.push(items.map(({ name }) => name));
      await delay(attemptMs);
      if (attempts.length <= failures) throw outage;
      return items.map(({ name }) => `${name} stored`);
    },
  };
}

describe('a write that is retried until a deadline', () => {
  test('is retried through an outage, and returns a result for each item', async () => {
    const { write, attempts } = unavailableFor(2);
    const results = await retryUntilDeadline([item('a', 5_000), item('b', 5_000)], write, backoff);
    expect(results).toEqual(['a stored', 'b stored']);
    expect(attempts).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('leaves out an item whose deadline passed before the first attempt', async () => {
    const { write, attempts } = unavailableFor(0);
    const results = await retryUntilDeadline([item('late', -1), item('in time', 5_000)], write, backoff);
    expect(results).toEqual([undefined, 'in time stored']);
    expect(attempts).toEqual([['in time']]);
  });

  test('leaves out an item whose deadline passed before a retry, and goes on for the others', async () => {
    const { write, attempts } = unavailableFor(1, 50);
    const results = await retryUntilDeadline([item('short', 30), item('long', 5_000)], write, backoff);
    expect(results).toEqual([undefined, 'long stored']);
    expect(attempts).toEqual([['short', 'long'], ['long']]);
  });

  test('writes nothing when every deadline has passed', async () => {
    const { write, attempts } = unavailableFor(0);
    expect(await retryUntilDeadline([item('late', -1)], write, backoff)).toEqual([undefined]);
    expect(attempts).toEqual([]);
  });

  test('throws the outage when every deadline passes before the next attempt', async () => {
    const { write, attempts } = unavailableFor(Infinity, 20);
    await expect(retryUntilDeadline([item('a', 100)], write, backoff)).rejects.toBe(outage);
    expect(attempts.length).toBeGreaterThan(1);
  });

  test('throws another error at once', async () => {
    const fault = new Error('a bug');
    const write = () => Promise.reject(fault);
    await expect(retryUntilDeadline([item('a', 5_000)], write, backoff)).rejects.toBe(fault);
  });
});
