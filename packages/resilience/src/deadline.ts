/**
 * Resolves with true when the work is done, with false when it takes longer; rejects as the work does. Work that takes
 * longer goes on, and may still take effect.
 */
export async function endsWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, limitMs, false);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The result of the work; rejects with `tooLate` when it takes longer. It goes on all the same, and may still take effect. */
export async function within<T>(limitMs: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  if (!(await endsWithin(limitMs, work))) throw tooLate();
  return work;
}
