import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { writeWithinDeadlines } from './within-deadlines.ts';

interface Item {
  readonly name: string;
  readonly deadlineMs: number;
}

const item = (name: string, withinMs: number): Item => ({ name, deadlineMs: performance.now() + withinMs });
const away = new Error('away');

/** A database that is away for so many attempts, and remembers what each one brought. */
function databaseAwayFor(failures: number, attemptMs = 0) {
  const attempts: string[][] = [];
  return {
    attempts,
    async write(items: readonly Item[]): Promise<string[]> {
      attempts.push(items.map(({ name }) => name));
      await delay(attemptMs);
      if (attempts.length <= failures) throw away;
      return items.map(({ name }) => `${name} stored`);
    },
  };
}

const options = { isRetryable: (error: unknown) => error === away, backoff: { firstMs: 10, maxMs: 20 } };

describe('a write within deadlines', () => {
  test('is tried again for those who still wait, and answers each', async () => {
    const { write, attempts } = databaseAwayFor(2);
    const results = await writeWithinDeadlines([item('a', 5_000), item('b', 5_000)], { ...options, write });
    expect(results).toEqual(['a stored', 'b stored']);
    expect(attempts).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('leaves out of its first attempt whoever waited too long for it', async () => {
    const { write, attempts } = databaseAwayFor(0);
    const results = await writeWithinDeadlines([item('late', -1), item('in time', 5_000)], { ...options, write });
    expect(results).toEqual([undefined, 'in time stored']);
    expect(attempts).toEqual([['in time']]);
  });

  test('leaves out of a further attempt whose time is over, and goes on for the others', async () => {
    const { write, attempts } = databaseAwayFor(1, 50);
    const results = await writeWithinDeadlines([item('short', 30), item('long', 5_000)], { ...options, write });
    expect(results).toEqual([undefined, 'long stored']);
    expect(attempts).toEqual([['short', 'long'], ['long']]);
  });

  test('is not made at all when nobody waits for it', async () => {
    const { write, attempts } = databaseAwayFor(0);
    expect(await writeWithinDeadlines([item('late', -1)], { ...options, write })).toEqual([undefined]);
    expect(attempts).toEqual([]);
  });

  test('throws why, as soon as nobody would be left at the next attempt', async () => {
    const { write, attempts } = databaseAwayFor(Infinity, 20);
    await expect(writeWithinDeadlines([item('a', 100)], { ...options, write })).rejects.toBe(away);
    expect(attempts.length).toBeGreaterThan(1);
  });

  test('throws at once what will not pass', async () => {
    const fault = new Error('a bug');
    const write = () => Promise.reject(fault);
    await expect(writeWithinDeadlines([item('a', 5_000)], { ...options, write })).rejects.toBe(fault);
  });
});
