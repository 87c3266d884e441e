import { describe, expect, test } from '@jest/globals';
import { endsWithin, OutageError, within } from './index.ts';

const pending = new Promise<never>(() => undefined);

describe('work within a limit', () => {
  const tooLate = (): Error => new OutageError('mongodb', 'not confirmed');

  test('has its result, or its error', async () => {
    await expect(within(60_000, Promise.resolve('done'), tooLate)).resolves.toBe('done');
    await expect(within(60_000, Promise.reject(new TypeError('wrong')), tooLate)).rejects.toThrow('wrong');
  });

  test('rejects with the given error when the work takes longer', async () => {
    await expect(within(1, pending, tooLate)).rejects.toThrow('not confirmed');
  });
});

describe('the end of work', () => {
  test('is awaited, at most until the limit', async () => {
    await expect(endsWithin(60_000, Promise.resolve('done'))).resolves.toBe(true);
    await expect(endsWithin(1, pending)).resolves.toBe(false);
    await expect(endsWithin(60_000, Promise.reject(new TypeError('wrong')))).rejects.toThrow('wrong');
  });
});
