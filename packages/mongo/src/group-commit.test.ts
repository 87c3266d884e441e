import { describe, expect, test } from '@jest/globals';
import { createGroupCommit } from './group-commit.ts';

interface Writing {
  readonly items: readonly number[];
  readonly done: (results: readonly string[]) => void;
  readonly failed: (error: Error) => void;
}

/** A group commit whose writes the test ends. */
function openCommit({ maxBatch = 10, maxWaiting = 100 } = {}) {
  const writes: Writing[] = [];
  let started: () => void = () => {};
  const commit = createGroupCommit<number, string>({
    write: (items) =>
      new Promise((done, failed) => {
        writes.push({ items, done, failed });
        started();
      }),
    maxBatch,
    maxWaiting,
    full: () => new Error('too many items wait'),
  });
  const written = async (count: number): Promise<Writing> => {
    while (writes.length < count) await new Promise<void>((resolve) => (started = resolve));
    return writes[count - 1]!;
  };
  return { commit, writes, written };
}

const namesOf = (items: readonly number[]): string[] => items.map((item) => `item ${item}`);

describe('group commit', () => {
  test('writes a single item at once, and resolves with its result', async () => {
    const { commit, written } = openCommit();
    const committed = commit(1);
    const { items, done } = await written(1);
    expect(items).toEqual([1]);
    done(['stored']);
    expect(await committed).toBe('stored');
  });

  test('shares one write among items of the same turn of the event loop', async () => {
    const { commit, writes, written } = openCommit();
    const committed = Promise.all([1, 2, 3].map(commit));
    const { items, done } = await written(1);
    done(namesOf(items));
    expect(await committed).toEqual(['item 1', 'item 2', 'item 3']);
    expect(writes).toHaveLength(1);
  });

  test('collects the items that arrive while a write is in flight into the next one', async () => {
    const { commit, writes, written } = openCommit();
    const first = commit(1);
    const inFlight = await written(1);
    const rest = Promise.all([2, 3, 4].map(commit));
    await new Promise(setImmediate);
    expect(writes).toHaveLength(1);
    inFlight.done(['item 1']);
    const { items, done } = await written(2);
    expect(items).toEqual([2, 3, 4]);
    done(namesOf(items));
    expect([await first, ...(await rest)]).toEqual(namesOf([1, 2, 3, 4]));
  });

  test('writes batches of limited size, in the order of arrival', async () => {
    const { commit, writes, written } = openCommit({ maxBatch: 2 });
    const committed = Promise.all([1, 2, 3, 4, 5].map(commit));
    for (const count of [1, 2, 3]) {
      const { items, done } = await written(count);
      done(namesOf(items));
    }
    expect(await committed).toEqual(namesOf([1, 2, 3, 4, 5]));
    expect(writes.map(({ items }) => items)).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('rejects all items of a batch that fails, and no other', async () => {
    const { commit, written } = openCommit({ maxBatch: 2 });
    const committed = Promise.allSettled([1, 2, 3].map(commit));
    (await written(1)).failed(new Error('the disk is full'));
    (await written(2)).done(['item 3']);
    expect(await committed).toMatchObject([
      { status: 'rejected', reason: { message: 'the disk is full' } },
      { status: 'rejected', reason: { message: 'the disk is full' } },
      { status: 'fulfilled', value: 'item 3' },
    ]);
  });

  test('continues after a failure', async () => {
    const { commit, written } = openCommit();
    const failing = commit(1);
    (await written(1)).failed(new Error('no primary'));
    await expect(failing).rejects.toThrow('no primary');
    const committed = commit(2);
    (await written(2)).done(['back']);
    expect(await committed).toBe('back');
  });

  test('rejects items above the limit, and accepts more as soon as there is room', async () => {
    const { commit, written } = openCommit({ maxWaiting: 2 });
    const first = commit(1);
    const inFlight = await written(1);
    const waiting = Promise.all([commit(2), commit(3)]);
    await expect(commit(4)).rejects.toThrow('too many items wait');
    inFlight.done(['item 1']);
    const next = await written(2);
    const last = commit(5);
    next.done(namesOf(next.items));
    (await written(3)).done(['item 5']);
    expect([await first, ...(await waiting), await last]).toEqual(namesOf([1, 2, 3, 5]));
  });
});
