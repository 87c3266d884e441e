import { createRequire } from 'node:module';
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly service: string;
  readonly instance?: string;
  /** pino's levels; `silent` for tests. */
  readonly level?: string;
  /** Where lines go instead of standard output; for tests. */
  readonly destination?: DestinationStream;
}

/**
 * One JSON line per entry on standard output, readable lines on a terminal. Give an error as `err`; `order_id` and
 * `trace_id` are plain fields: `logger.warn({ err, order_id }, 'the gateway refused a refund')`.
 */
export function createLogger({ service, instance, level = 'info', destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service, ...(instance === undefined ? {} : { instance }) },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError, error: serializeError },
    },
    destination ?? terminalStream() ?? pino.destination({ fd: 1, sync: true }),
  );
}

const maxCauses = 8;

/** Name, message, stack and code of an error and of its causes. */
export function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [];
  const nested = depth < maxCauses;
  return {
    name,
    message,
    stack,
    ...(code === undefined ? {} : { code }),
    ...(cause !== undefined && nested ? { cause: serializeError(cause, depth + 1) } : {}),
    ...(errors.length > 0 && nested
      ? { errors: errors.slice(0, maxCauses).map((e) => serializeError(e, depth + 1)) }
      : {}),
  };
}

function terminalStream(): DestinationStream | undefined {
  if (!process.stdout.isTTY) return undefined;
  try {
    // pino-pretty is for development and absent from images. As a stream and not a worker it loses no line at exit.
    const pretty = createRequire(import.meta.url)('pino-pretty') as (options: object) => DestinationStream;
    return pretty({ sync: true, ignore: 'pid,hostname,service,instance', messageFormat: '{service}: {msg}' });
  } catch {
    return undefined;
  }
}
