/** A dependency is unavailable: the work waits and is retried with backoff. It is never the fault of one record. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  /** A field and not a class tells outages apart, because test realms break instanceof. */
  readonly outage = true;
  readonly dependency: string;

  constructor(dependency: string, cause: unknown) {
    super(`${dependency} is away: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.dependency = dependency;
  }
}

export const isOutage = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { outage?: unknown }).outage === true;
