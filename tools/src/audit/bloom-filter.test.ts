import { expect, test } from '@jest/globals';
import { BloomFilter } from './bloom-filter.ts';

const count = 50_000;
const idOf = (number: number): string =>
  `01890000-0000-7000-8000-${number.toString(16).padStart(12, '0')}:order_placed:PENDING`;

test('reports every member, and almost nothing else', () => {
  const filter = new BloomFilter(count, 64 * 1024 * 1024);
  for (let i = 0; i < count; i += 1) filter.add(idOf(i));
  for (let i = 0; i < count; i += 1) if (!filter.has(idOf(i))) throw new Error(`lost ${idOf(i)}`);
  let wrong = 0;
  for (let i = count; i < 5 * count; i += 1) if (filter.has(idOf(i))) wrong += 1;
  expect(wrong).toBeLessThan(10);
  expect(filter.errorRate).toBeLessThan(1e-5);
});

test('with too little memory it reports more non-members, knows its error rate, and still reports every member', () => {
  const filter = new BloomFilter(count, count);
  for (let i = 0; i < count; i += 1) filter.add(idOf(i));
  for (let i = 0; i < count; i += 1) if (!filter.has(idOf(i))) throw new Error(`lost ${idOf(i)}`);
  let wrong = 0;
  for (let i = count; i < 2 * count; i += 1) if (filter.has(idOf(i))) wrong += 1;
  expect(wrong / count).toBeGreaterThan(filter.errorRate / 2);
  expect(wrong / count).toBeLessThan(filter.errorRate * 2);
});
