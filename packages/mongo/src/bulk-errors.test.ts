import { describe, expect, test } from '@jest/globals';
import { duplicateKeyIndexes } from './bulk-errors.ts';

/** An error of the driver, with the fields that matter here. */
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
  test('that failed only on unique keys names the operations that failed', () => {
    expect(duplicateKeyIndexes(bulkError([duplicate(0), duplicate(7)]))).toEqual([0, 7]);
  });

  test('with a single error, which the driver passes without a list, names it too', () => {
    expect(duplicateKeyIndexes(bulkError(duplicate(3)))).toEqual([3]);
  });

  test.each<[string, unknown]>([
    ['with another error beside the duplicate keys', bulkError([duplicate(0), { code: 121, index: 1 }])],
    ['with no error in its list', bulkError([])],
    ['without a list', bulkError(undefined)],
    ['with another name', Object.assign(bulkError([duplicate(0)]), { name: 'MongoWriteConcernError' })],
    ['that failed as a whole', Object.assign(new Error('no primary'), { name: 'MongoServerSelectionError' })],
    [
      'that failed with a duplicate key outside of a bulk',
      Object.assign(new Error(), { name: 'MongoServerError', code: 11_000 }),
    ],
  ])('%s is thrown as it is', (_, error) => {
    expect(thrownBy(error)).toBe(error);
  });

  test('that a majority does not confirm is an outage, whatever other errors it has', () => {
    const error = bulkError([duplicate(0)], { code: 64, errmsg: 'waiting for replication timed out' });
    expect(thrownBy(error)).toMatchObject({ outage: true, dependency: 'mongodb', cause: error });
  });
});
