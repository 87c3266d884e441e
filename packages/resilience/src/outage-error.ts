/** A dependency is unavailable: the work waits and is retried with backoff. It is never the fault of one record. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  /** An outage is recognised by this field and not its class, because test realms break instanceof. */
  readonly outage = true;
  readonly dependency: string;

  constructor(
    dependency: string,
    cause: unknown,
    message = `${dependency} unavailable: ${cause instanceof Error ? cause.message : String(cause)}`,
  ) {
    super(message, { cause });
    this.dependency = dependency;
  }
}

export const isOutage = (error: unknown): error is OutageError =>
  typeof error === 'object' && error !== null && (error as { outage?: unknown }).outage === true;
