import { expect, test } from '@jest/globals';
import { Candidates } from './candidates.ts';

interface Item {
  readonly _id: string;
}

const candidate = (id: string) => ({ item: { _id: id }, subject: id, detail: 'is lost' });

function create(isStillWrong: (id: string) => boolean, recheckAfterMs = 20) {
  const confirmed: string[] = [];
  const rechecks: { ids: string[]; atMs: number }[] = [];
  const candidates = new Candidates<Item>({
    recheckAfterMs,
    signal: new AbortController().signal,
    async recheck(items) {
      rechecks.push({ ids: items.map(({ _id }) => _id), atMs: performance.now() });
      return items.filter(({ _id }) => isStillWrong(_id)).map(({ _id }) => candidate(_id));
    },
    onConfirmed: ({ subject }) => void confirmed.push(subject),
  });
  return { candidates, confirmed, rechecks };
}

test('counts a candidate only if the second check confirms it, no sooner than the given time', async () => {
  const { candidates, confirmed, rechecks } = create((id) => id === 'lost', 50);
  const startMs = performance.now();
  await candidates.add([candidate('in flight'), candidate('lost')]);
  expect(rechecks).toEqual([]);
  await candidates.settle();
  expect(confirmed).toEqual(['lost']);
  expect(rechecks[0]!.atMs - startMs).toBeGreaterThanOrEqual(49);
});

test('checks many candidates again early and in batches, and none of them twice', async () => {
  const { candidates, confirmed, rechecks } = create(() => true);
  const ids = Array.from({ length: 4_500 }, (_, index) => `order-${index}`);
  for (let start = 0; start < ids.length; start += 100) {
    await candidates.add(ids.slice(start, start + 100).map(candidate));
  }
  expect(confirmed).toHaveLength(4_000);
  await candidates.settle();
  await candidates.settle();
  expect(confirmed).toEqual(ids);
  expect(Math.max(...rechecks.map((recheck) => recheck.ids.length))).toBeLessThanOrEqual(500);
});

test('waits for nothing and checks nothing again without a candidate', async () => {
  const { candidates, rechecks } = create(() => true, 60_000);
  await candidates.add([]);
  await candidates.settle();
  expect(rechecks).toEqual([]);
});
