/**
 * The edge to the driver: what a call of it throws because MongoDB is unavailable leaves this package as an OutageError.
 * Every other error (a duplicate key, a document that is too large) stays what it is.
 */
import { AbstractCursor, Admin, ChangeStream, Collection, Db } from 'mongodb';
import { isOutage, OutageError } from '@order-pipeline/resilience';
import { isMongoOutage } from './driver-errors.ts';

/** An OutageError for what counts as an outage, else the error itself. */
export const translateError = (error: unknown): unknown =>
  !isOutage(error) && isMongoOutage(error) ? new OutageError('mongodb', error) : error;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/**
 * Calls a method of the driver. What it throws, or rejects with, is translated; so is what later calls of the cursor,
 * change stream, collection or database throw that it returns.
 */
export function callDriver(target: object, method: (...args: unknown[]) => unknown, args: readonly unknown[]): unknown {
  let result: unknown;
  try {
    result = method.apply(target, [...args]);
  } catch (error) {
    throw translateError(error);
  }
  if (isThenable(result)) {
    return result.then(guard, (error: unknown) => {
      throw translateError(error);
    });
  }
  return guard(result);
}

const driverClasses = [AbstractCursor, ChangeStream, Collection, Db, Admin];

/** An object of the driver behind a proxy whose methods go through `callDriver`; any other value as it is. */
function guard(value: unknown): unknown {
  if (!isDriverObject(value)) return value;
  return new Proxy(value, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => callDriver(target, member as () => unknown, args);
    },
  });
}

const isAsyncGenerator = (value: object): boolean =>
  Symbol.asyncIterator in value && typeof (value as { next?: unknown }).next === 'function';

function isDriverObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return driverClasses.some((driverClass) => value instanceof driverClass) || isAsyncGenerator(value);
}
