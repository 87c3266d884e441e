import { expect, test } from '@jest/globals';
import { WorkQueue } from './work-queue.ts';

const observer = { added() {}, started() {}, finished() {} };
const backoff = { firstMs: 10, maxMs: 40 };

function queueOf(process: (key: string) => Promise<number | undefined>, concurrency = 2) {
  const errors: unknown[] = [];
  const queue = new WorkQueue({
    process,
    onError: (_, error) => errors.push(error),
    concurrency,
    backoff,
    observer,
  });
  return { queue, errors };
}

test('a key that is added while it is processed is processed once more, and never concurrently', async () => {
  const gates: (() => void)[] = [];
  let active = 0;
  let most = 0;
  const { queue } = queueOf(async () => {
    most = Math.max(most, ++active);
    await new Promise<void>((open) => gates.push(open));
    active -= 1;
    return undefined;
  });
  queue.add('a');
  for (let i = 0; i < 5; i++) queue.add('a');
  await Promise.resolve();
  expect(gates).toHaveLength(1);
  gates.shift()!();
  await untilTrue(() => gates.length === 1);
  gates.shift()!();
  await queue.stop();
  expect({ most, left: gates.length }).toEqual({ most: 1, left: 0 });
});

test('keys are processed in the order in which they were added, up to the concurrency', async () => {
  const started: string[] = [];
  const gates: (() => void)[] = [];
  const { queue } = queueOf(async (key) => {
    started.push(key);
    await new Promise<void>((open) => gates.push(open));
    return undefined;
  });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  expect(started).toEqual(['a', 'b']);
  gates.shift()!();
  await untilTrue(() => started.length === 3);
  for (const open of gates) open();
  await queue.stop();
  expect(started).toEqual(['a', 'b', 'c']);
});

test('a key that fails is retried with backoff until it succeeds', async () => {
  const at: number[] = [];
  const { queue, errors } = queueOf(async () => {
    at.push(performance.now());
    if (at.length <= 5) throw new Error('not yet');
    return undefined;
  });
  queue.add('a');
  await untilTrue(() => at.length === 6);
  await queue.stop();
  expect(errors).toHaveLength(5);
  const gaps = at.slice(1).map((time, index) => time - at[index]!);
  // Half to all of 10, 20, 40, 40, 40 ms; timers fire late, never early.
  [5, 10, 20, 20, 20].forEach((least, index) => expect(gaps[index]!).toBeGreaterThanOrEqual(least - 1));
});

test('a key is requeued after the returned time, sooner when it is added, and never after a stop', async () => {
  const processed: string[] = [];
  const { queue } = queueOf(async (key) => {
    processed.push(key);
    return key === 'soon' && processed.length === 1 ? 5 : 60_000;
  });
  queue.add('soon');
  await untilTrue(() => processed.length === 2);
  queue.add('soon');
  await untilTrue(() => processed.length === 3);
  await queue.stop();
  queue.add('soon');
  expect(processed).toEqual(['soon', 'soon', 'soon']);
});

async function untilTrue(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + 3_000; !condition();) {
    if (performance.now() > until) throw new Error('the condition was not true within 3 s');
    await new Promise((next) => setImmediate(next));
  }
}
