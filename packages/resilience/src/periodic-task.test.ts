import { describe, expect, test } from '@jest/globals';
import { OutageError } from './outage-error.ts';
import { PeriodicTask } from './periodic-task.ts';

/** Runs what it is given, one after the other, then nothing more; `ran` resolves when so many runs have begun. */
function open(runs: readonly (() => unknown)[], everyMs = 1) {
  const logged: string[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let count = 0;
  const task = new PeriodicTask({
    name: 'sweep',
    everyMs,
    run: async () => {
      const run = runs[count];
      count += 1;
      for (const each of waiting) if (each.count <= count) each.resolve();
      return run?.();
    },
    logger: {
      debug: (_, message) => void logged.push(`debug ${message}`),
      info() {},
      warn() {},
      error: (_, message) => void logged.push(`error ${message}`),
    },
  });
  const ran = (times: number) =>
    new Promise<void>((resolve) => (count >= times ? resolve() : waiting.push({ count: times, resolve })));
  return { task, logged, ran, count: () => count };
}

const failing = (error: Error) => () => {
  throw error;
};

describe('a periodic task', () => {
  test('runs at once, and again after each interval', async () => {
    const { task, ran, logged } = open([]);
    task.start();
    await ran(3);
    await task.stop();
    expect(logged).toEqual([]);
  });

  test('does not wait where a run reports that there is more', async () => {
    const more = () => true;
    const { task, ran, count } = open([more, more], 3_600_000);
    task.start();
    await ran(3);
    await task.stop();
    expect(count()).toBe(3);
  });

  test('stops after the run in progress, and ends the interval', async () => {
    const gate = Promise.withResolvers<void>();
    const { task, ran, count } = open([() => gate.promise], 3_600_000);
    task.start();
    await ran(1);
    let stopped = false;
    const stopping = task.stop().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    gate.resolve();
    await stopping;
    expect(count()).toBe(1);
  });

  test('goes on after a failure, and logs an outage quietly and another failure as an error', async () => {
    const { task, ran, logged } = open([
      failing(new OutageError('mongodb', 'no primary')),
      failing(new TypeError('x')),
    ]);
    task.start();
    await ran(3);
    await task.stop();
    expect(logged).toEqual([
      'debug sweep: an outage prevents the run, retrying',
      'error sweep: the run failed, retrying',
    ]);
  });
});
