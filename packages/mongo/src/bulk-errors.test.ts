import { describe, expect, test } from '@jest/globals';
import { duplicateKeyIndexes } from './bulk-errors.ts';

/** What the driver throws, as far as it matters here. */
const bulkError = (writeErrors: unknown, writeConcernError?: object) =>
  Object.assign(new Error('bulk write failed'), {
    name: 'MongoBulkWriteError',
    writeErrors,
    result: { getWriteConcernError: () => writeConcernError },
  });
const duplicate = (index: number) => ({ code: 11_000, index });

const thrownBy = (error: unknown): unknown => {
  try {
    return duplicateKeyIndexes(error);
  } catch (thrown) {
    return thrown;
  }
};

describe('a bulk write', () => {
  test('that failed on unique keys alone names the operations that lost', () => {
    expect(duplicateKeyIndexes(bulkError([duplicate(0), duplicate(7)]))).toEqual([0, 7]);
  });

  test('with a single error, which the driver may hand over without a list, names it too', () => {
    expect(duplicateKeyIndexes(bulkError(duplicate(3)))).toEqual([3]);
  });

  test.each<[string, unknown]>([
    ['with another fault beside the lost races', bulkError([duplicate(0), { code: 121, index: 1 }])],
    ['with no error in its list', bulkError([])],
    ['without a list', bulkError(undefined)],
    ['that calls itself something else', Object.assign(bulkError([duplicate(0)]), { name: 'MongoWriteConcernError' })],
    ['that failed as a whole', Object.assign(new Error('no primary'), { name: 'MongoServerSelectionError' })],
    [
      'that failed with a duplicate key outside of a bulk',
      Object.assign(new Error(), { name: 'MongoServerError', code: 11_000 }),
    ],
  ])('%s is thrown on as it is', (_, error) => {
    expect(thrownBy(error)).toBe(error);
  });

  test('that is not confirmed by a majority is an outage, whatever else it says', () => {
    const error = bulkError([duplicate(0)], { code: 64, errmsg: 'waiting for replication timed out' });
    expect(thrownBy(error)).toMatchObject({ outage: true, dependency: 'mongodb', cause: error });
  });
});
