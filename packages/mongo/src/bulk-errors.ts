/** Which operations of an unordered bulk write failed on a unique key. */
import type { MongoBulkWriteError } from 'mongodb';
import { OutageError } from '@order-pipeline/resilience';

const duplicateKeyCode = 11_000;

/**
 * The indexes of the operations that failed on a unique key. Throws any other error, an unconfirmed write concern
 * included: nothing is known about the batch then.
 */
export function duplicateKeyIndexes(error: unknown): number[] {
  const { name, writeErrors, result } = error as Partial<MongoBulkWriteError>;
  if (name !== 'MongoBulkWriteError') throw error;
  if (result?.getWriteConcernError() !== undefined) throw new OutageError('mongodb', error);
  const errors = [writeErrors ?? []].flat();
  if (errors.length === 0 || errors.some((each) => each.code !== duplicateKeyCode)) throw error;
  return errors.map((each) => each.index);
}
