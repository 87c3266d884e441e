import { describe, expect, test } from '@jest/globals';
import { ChunkCollector } from './chunk-collector.ts';

interface Run {
  readonly slices: readonly string[];
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** A slice is a text, and as large as that is long. Each run ends when the test says so, and took what the clock says. */
function open({ maxSize = 500, targetMs = 500 } = {}) {
  const runs: Run[] = [];
  const clock = { nowMs: 0 };
  let started: () => void = () => {};
  const collector = new ChunkCollector<string>({
    sizeOf: (slice) => slice.length,
    run: (slices) =>
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
  /** Works off one slice as large as may be, in so much time. */
  const work = async (tookMs: number, size = collector.size): Promise<void> => {
    const submitted = collector.submit('x'.repeat(size));
    const { done } = await runNumber(runs.length + 1);
    clock.nowMs += tookMs;
    done();
    expect(await submitted).toBe(true);
  };
  return { collector, runs, run: runNumber, work };
}

const grown = async (size: number, options: { maxSize?: number } = {}) => {
  const opened = open(options);
  while (opened.collector.size < size) await opened.work(0);
  return opened;
};

describe('a chunk', () => {
  test('is one slice that comes alone, at once', async () => {
    const { collector, run } = open();
    const submitted = collector.submit('a');
    const { slices, done } = await run(1);
    expect(slices).toEqual(['a']);
    done();
    expect(await submitted).toBe(true);
  });

  test('is shared by slices that come in the same turn', async () => {
    const { collector, run, runs } = await grown(16);
    const before = runs.length;
    const submitted = Promise.all(['aa', 'bb', 'cc'].map((slice) => collector.submit(slice)));
    const { slices, done } = await run(before + 1);
    expect(slices).toEqual(['aa', 'bb', 'cc']);
    done();
    expect(await submitted).toEqual([true, true, true]);
  });

  test('is shared by slices that come while another is in work', async () => {
    const { collector, run, runs } = await grown(16);
    const before = runs.length;
    const first = collector.submit('a');
    const inWork = await run(before + 1);
    const waiting = Promise.all([collector.submit('b'), collector.submit('c')]);
    await new Promise(setImmediate);
    expect(runs).toHaveLength(before + 1);
    inWork.done();
    const next = await run(before + 2);
    expect(next.slices).toEqual(['b', 'c']);
    next.done();
    expect([await first, ...(await waiting)]).toEqual([true, true, true]);
  });

  test('waits for those whose slice was just done: they come back with the next one', async () => {
    const { collector, run, runs } = await grown(16);
    const before = runs.length;
    const worker = async (): Promise<void> => {
      await collector.submit('a1');
      await collector.submit('a2');
    };
    const working = worker();
    const inWork = await run(before + 1);
    const other = collector.submit('b1');
    inWork.done();
    const next = await run(before + 2);
    expect(next.slices.toSorted()).toEqual(['a2', 'b1']);
    next.done();
    await Promise.all([working, other]);
  });

  test('holds no more than its size, unless a single slice is larger', async () => {
    const { collector, run, runs } = await grown(4);
    const before = runs.length;
    expect(collector.size).toBe(4);
    const submitted = Promise.all(['aa', 'bb', 'c', 'ddddddd', 'e'].map((slice) => collector.submit(slice)));
    const chunks: (readonly string[])[] = [];
    while (!chunks.flat().includes('e')) {
      const { slices, done } = await run(before + chunks.length + 1);
      chunks.push(slices);
      done();
    }
    await submitted;
    expect(chunks[0]).toEqual(['aa', 'bb']);
    expect(chunks.flat()).toEqual(['aa', 'bb', 'c', 'ddddddd', 'e']);
    expect(chunks.find((slices) => slices.includes('ddddddd'))).not.toContain('aa');
  });
});

describe('the size of a chunk', () => {
  test('starts at one event, and at most doubles while chunks are fast and full', async () => {
    const { collector, work } = open();
    const sizes = [collector.size];
    for (let chunk = 0; chunk < 10; chunk += 1) {
      await work(10);
      sizes.push(collector.size);
    }
    expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500]);
  });

  test('never exceeds what was set, from the first chunk on', async () => {
    const { collector, work } = open({ maxSize: 3 });
    for (let chunk = 0; chunk < 5; chunk += 1) {
      expect(collector.size).toBeLessThanOrEqual(3);
      await work(0);
    }
    expect(collector.size).toBe(3);
  });

  test('shrinks at once to what fits into the target', async () => {
    const { collector, work } = await grown(64);
    await work(2_000, 64);
    expect(collector.size).toBe(16);
    await work(60_000, 16);
    expect(collector.size).toBe(1);
    await work(60_000, 1);
    expect(collector.size).toBe(1);
  });

  test('stays where chunks take about their time, and where they are not full', async () => {
    const { collector, work } = await grown(64);
    await work(300, 64);
    expect(collector.size).toBe(64);
    await work(500, 64);
    expect(collector.size).toBe(64);
    await work(0, 32);
    expect(collector.size).toBe(64);
  });
});

describe('a failure', () => {
  test('reaches everyone in the chunk, and everyone who waits behind it', async () => {
    const { collector, run, runs } = await grown(2);
    const before = runs.length;
    const submitted = Promise.allSettled(['a', 'b', 'c', 'd'].map((slice) => collector.submit(slice)));
    (await run(before + 1)).failed(new Error('the membership is lost'));
    for (const outcome of await submitted) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the membership is lost' } });
    }
    expect(runs).toHaveLength(before + 1);
  });

  test('does not stop the collector', async () => {
    const { collector, run } = open();
    const failing = collector.submit('a');
    (await run(1)).failed(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    const submitted = collector.submit('b');
    (await run(2)).done();
    expect(await submitted).toBe(true);
  });
});

describe('closing', () => {
  test('finishes the chunk in hand, and lets go of what only waits', async () => {
    const { collector, run, runs } = open();
    const inHand = collector.submit('a');
    const { done } = await run(1);
    const waiting = collector.submit('b');
    collector.close();
    expect(await waiting).toBe(false);
    expect(await collector.submit('c')).toBe(false);
    done();
    expect(await inHand).toBe(true);
    await new Promise(setImmediate);
    expect(runs).toHaveLength(1);
  });
});
