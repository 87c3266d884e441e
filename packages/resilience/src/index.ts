export { backoffMs, wait, type Backoff } from './backoff.ts';
export { endsWithin, within } from './deadline.ts';
export { quietLogger, type Logger } from './logger.ts';
export { isOutage, OutageError } from './outage-error.ts';
export { PeriodicTask, type PeriodicTaskOptions } from './periodic-task.ts';
