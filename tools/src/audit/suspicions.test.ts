import { expect, test } from '@jest/globals';
import { Suspicions } from './suspicions.ts';

interface Item {
  readonly _id: string;
}

const suspect = (id: string) => ({ item: { _id: id }, subject: id, detail: 'looks wrong' });

function create(stillWrong: (id: string) => boolean, recheckAfterMs = 20) {
  const confirmed: string[] = [];
  const looks: { ids: string[]; atMs: number }[] = [];
  const suspicions = new Suspicions<Item>({
    recheckAfterMs,
    signal: new AbortController().signal,
    async lookAgain(items) {
      looks.push({ ids: items.map(({ _id }) => _id), atMs: performance.now() });
      return items.filter(({ _id }) => stillWrong(_id)).map(({ _id }) => suspect(_id));
    },
    onConfirmed: ({ subject }) => void confirmed.push(subject),
  });
  return { suspicions, confirmed, looks };
}

test('a suspicion counts only if it is there at the second look, which comes no sooner than was asked for', async () => {
  const { suspicions, confirmed, looks } = create((id) => id === 'lost', 50);
  const begunMs = performance.now();
  await suspicions.add([suspect('in flight'), suspect('lost')]);
  expect(looks).toEqual([]);
  await suspicions.settle();
  expect(confirmed).toEqual(['lost']);
  expect(looks[0]!.atMs - begunMs).toBeGreaterThanOrEqual(49);
});

test('with many suspicions the second looks come early, so that few are kept, and none is looked at twice', async () => {
  const { suspicions, confirmed, looks } = create(() => true);
  const ids = Array.from({ length: 4_500 }, (_, index) => `order-${index}`);
  for (let start = 0; start < ids.length; start += 100) {
    await suspicions.add(ids.slice(start, start + 100).map(suspect));
  }
  expect(confirmed).toHaveLength(4_000);
  await suspicions.settle();
  await suspicions.settle();
  expect(confirmed).toEqual(ids);
  expect(Math.max(...looks.map((look) => look.ids.length))).toBeLessThanOrEqual(500);
});

test('without a suspicion there is no second look, and nothing is waited for', async () => {
  const { suspicions, looks } = create(() => true, 60_000);
  await suspicions.add([]);
  await suspicions.settle();
  expect(looks).toEqual([]);
});
