/** Transactions that end in a conflict instead of an error when another transaction wrote first. */
import type { ClientSession } from 'mongodb';
import type { Mongo } from './client.ts';

const writeConflictCode = 112;
const maxCommits = 5;

/** Another transaction wrote a document first that this one was going to write. */
const isWriteConflict = (error: unknown): boolean => (error as { code?: unknown }).code === writeConflictCode;

/**
 * Runs `work` in a transaction and commits it. Returns false, with nothing written, when `work` returns false or when
 * another transaction wrote first to one of its documents: the caller then reads and decides again.
 */
export function runTransaction(
  { client }: Pick<Mongo, 'client'>,
  work: (session: ClientSession) => Promise<boolean>,
): Promise<boolean> {
  return client.withSession(async (session) => {
    session.startTransaction();
    try {
      if (await work(session)) {
        await commit(session);
        return true;
      }
      await session.abortTransaction();
      return false;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
      if (isWriteConflict(error)) return false;
      throw error;
    }
  });
}

/** A commit whose outcome is unknown is repeated: it is idempotent. */
async function commit(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const labels = (error as { errorLabels?: readonly string[] }).errorLabels ?? [];
      if (!labels.includes('UnknownTransactionCommitResult') || attempt === maxCommits) throw error;
    }
  }
}
