/** Which errors of the driver are an outage of MongoDB: the work waits, and no record is to blame. */

/** Names and not classes, because a name survives test realms and driver copies. */
const outageNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'MongoExpiredSessionError',
  'MongoWriteConcernError',
  'MongoClientClosedError',
  'MongoServerClosedError',
]);

/**
 * Error codes of a server that is stepping down, shutting down, or has no majority; 18 is a refused login, which ends
 * when the rotated credentials have arrived here or there.
 */
const outageCodes = new Set([
  6, 7, 18, 24, 50, 63, 64, 79, 89, 91, 133, 134, 189, 202, 234, 262, 317, 358, 384, 9001, 10107, 11600, 11601, 11602,
  13388, 13435, 13436,
]);

/** Node's codes of socket errors, where the driver passes them on as they are. */
const networkCodes = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // Of the resolver, which looks up a mongodb+srv address.
  'ETIMEOUT',
  'ESERVFAIL',
  'EREFUSED',
]);

interface DriverError {
  readonly name?: string;
  readonly code?: number | string;
  readonly errorLabels?: readonly string[];
  readonly cause?: unknown;
  /** Wrapped by a bulk write: the driver's own error when it received no response. */
  readonly errorResponse?: unknown;
}

/** Whether a retry can help: the server is unreachable, has no primary, or the outcome is unknown. */
export function isMongoOutage(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code, errorLabels, cause, errorResponse } = error as DriverError;
  return (
    outageNames.has(name ?? '') ||
    networkCodes.has(String(code)) ||
    (name?.startsWith('Mongo') === true && typeof code === 'number' && outageCodes.has(code)) ||
    errorLabels?.includes('RetryableWriteError') === true ||
    errorLabels?.includes('TransientTransactionError') === true ||
    errorLabels?.includes('SystemOverloadedError') === true ||
    isMongoOutage(cause) ||
    isMongoOutage(errorResponse)
  );
}
