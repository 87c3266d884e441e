import { describe, expect, test } from '@jest/globals';
import { Batcher } from './batcher.ts';

interface Run {
  readonly slices: readonly string[];
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** A slice is a text, and its size is the text's length. The test ends each run, and sets how long it took. */
function open({ maxSize = 500, targetMs = 500 } = {}) {
  const runs: Run[] = [];
  const clock = { nowMs: 0 };
  let started: () => void = () => {};
  const batcher = new Batcher<string>({
    sizeOf: (slice) => slice.length,
    process: (slices) =>
      new Promise((done, failed) => {
        runs.push({ slices, done, failed });
        started();
      }),
    maxSize,
    targetMs,
    nowMs: () => clock.nowMs,
  });
  const runNumber = async (count: number): Promise<Run> => {
    while (runs.length < count) await new Promise<void>((resolve) => (started = resolve));
    return runs[count - 1]!;
  };
  /** Processes one slice as large as may be, in so much time. */
  const work = async (tookMs: number, size = batcher.size): Promise<void> => {
    const submitted = batcher.submit('x'.repeat(size));
    const { done } = await runNumber(runs.length + 1);
    clock.nowMs += tookMs;
    done();
    expect(await submitted).toBe(true);
  };
  return { batcher, runs, run: runNumber, work };
}

const grown = async (size: number, options: { maxSize?: number } = {}) => {
  const opened = open(options);
  while (opened.batcher.size < size) await opened.work(0);
  return opened;
};

describe('a batch', () => {
  test('is one slice that comes alone, at once', async () => {
    const { batcher, run } = open();
    const submitted = batcher.submit('a');
    const { slices, done } = await run(1);
    expect(slices).toEqual(['a']);
    done();
    expect(await submitted).toBe(true);
  });

  test('is shared by slices that come in the same turn', async () => {
    const { batcher, run, runs } = await grown(16);
    const before = runs.length;
    const submitted = Promise.all(['aa', 'bb', 'cc'].map((slice) => batcher.submit(slice)));
    const { slices, done } = await run(before + 1);
    expect(slices).toEqual(['aa', 'bb', 'cc']);
    done();
    expect(await submitted).toEqual([true, true, true]);
  });

  test('is shared by slices that come while another is in flight', async () => {
    const { batcher, run, runs } = await grown(16);
    const before = runs.length;
    const first = batcher.submit('a');
    const inFlight = await run(before + 1);
    const waiting = Promise.all([batcher.submit('b'), batcher.submit('c')]);
    await new Promise(setImmediate);
    expect(runs).toHaveLength(before + 1);
    inFlight.done();
    const next = await run(before + 2);
    expect(next.slices).toEqual(['b', 'c']);
    next.done();
    expect([await first, ...(await waiting)]).toEqual([true, true, true]);
  });

  test('waits for the next slices of those whose slice was just processed', async () => {
    const { batcher, run, runs } = await grown(16);
    const before = runs.length;
    const worker = async (): Promise<void> => {
      await batcher.submit('a1');
      await batcher.submit('a2');
    };
    const working = worker();
    const inFlight = await run(before + 1);
    const other = batcher.submit('b1');
    inFlight.done();
    const next = await run(before + 2);
    expect(next.slices.toSorted()).toEqual(['a2', 'b1']);
    next.done();
    await Promise.all([working, other]);
  });

  test('holds no more than its size, unless a single slice is larger', async () => {
    const { batcher, run, runs } = await grown(4);
    const before = runs.length;
    expect(batcher.size).toBe(4);
    const submitted = Promise.all(['aa', 'bb', 'c', 'ddddddd', 'e'].map((slice) => batcher.submit(slice)));
    const batches: (readonly string[])[] = [];
    while (!batches.flat().includes('e')) {
      const { slices, done } = await run(before + batches.length + 1);
      batches.push(slices);
      done();
    }
    await submitted;
    expect(batches[0]).toEqual(['aa', 'bb']);
    expect(batches.flat()).toEqual(['aa', 'bb', 'c', 'ddddddd', 'e']);
    expect(batches.find((slices) => slices.includes('ddddddd'))).not.toContain('aa');
  });
});

describe('the size of a batch', () => {
  test('starts at one event, and at most doubles while batches are fast and full', async () => {
    const { batcher, work } = open();
    const sizes = [batcher.size];
    for (let batch = 0; batch < 10; batch += 1) {
      await work(10);
      sizes.push(batcher.size);
    }
    expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500]);
  });

  test('never exceeds its limit, from the first batch on', async () => {
    const { batcher, work } = open({ maxSize: 3 });
    for (let batch = 0; batch < 5; batch += 1) {
      expect(batcher.size).toBeLessThanOrEqual(3);
      await work(0);
    }
    expect(batcher.size).toBe(3);
  });

  test('shrinks at once to what fits into the target', async () => {
    const { batcher, work } = await grown(64);
    await work(2_000, 64);
    expect(batcher.size).toBe(16);
    await work(60_000, 16);
    expect(batcher.size).toBe(1);
    await work(60_000, 1);
    expect(batcher.size).toBe(1);
  });

  test('stays where batches take about the target, and where they are not full', async () => {
    const { batcher, work } = await grown(64);
    await work(300, 64);
    expect(batcher.size).toBe(64);
    await work(500, 64);
    expect(batcher.size).toBe(64);
    await work(0, 32);
    expect(batcher.size).toBe(64);
  });
});

describe('a failure', () => {
  test('rejects every slice of the batch, and every slice that waits for its turn', async () => {
    const { batcher, run, runs } = await grown(2);
    const before = runs.length;
    const submitted = Promise.allSettled(['a', 'b', 'c', 'd'].map((slice) => batcher.submit(slice)));
    (await run(before + 1)).failed(new Error('the membership is lost'));
    for (const outcome of await submitted) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the membership is lost' } });
    }
    expect(runs).toHaveLength(before + 1);
  });

  test('does not stop the batcher', async () => {
    const { batcher, run } = open();
    const failing = batcher.submit('a');
    (await run(1)).failed(new Error('unavailable'));
    await expect(failing).rejects.toThrow('unavailable');
    const submitted = batcher.submit('b');
    (await run(2)).done();
    expect(await submitted).toBe(true);
  });
});

describe('closing', () => {
  test('finishes the batch in flight, and releases what only waits', async () => {
    const { batcher, run, runs } = open();
    const inFlight = batcher.submit('a');
    const { done } = await run(1);
    const waiting = batcher.submit('b');
    batcher.close();
    expect(await waiting).toBe(false);
    expect(await batcher.submit('c')).toBe(false);
    done();
    expect(await inFlight).toBe(true);
    await new Promise(setImmediate);
    expect(runs).toHaveLength(1);
  });
});
