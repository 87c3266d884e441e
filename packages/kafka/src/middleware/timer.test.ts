import { expect, test } from '@jest/globals';
import { Histogram } from 'prom-client';
import { withTimer } from './timer.ts';

const countOf = async (histogram: Histogram): Promise<number> =>
  (await histogram.get()).values.find(({ metricName }) => metricName === 'seconds_count')!.value;
const open = () => new Histogram({ name: 'seconds', help: 'Seconds', registers: [] });

test('observes a call that succeeds, and returns its result', async () => {
  const histogram = open();
  const add = withTimer(histogram, async (a: number, b: number) => a + b);
  await expect(add(1, 2)).resolves.toBe(3);
  expect(await countOf(histogram)).toBe(1);
});

test('observes a call that fails, and throws its error', async () => {
  const histogram = open();
  const error = new Error('no decision');
  await expect(withTimer(histogram, () => Promise.reject(error))()).rejects.toBe(error);
  expect(await countOf(histogram)).toBe(1);
});
