/**
 * A process that is killed within a transaction leaves it open on the server, with its documents locked, until the
 * server's own limit (a minute by default). A caller that keeps meeting conflicts aborts such transactions: none of ours
 * is idle for seconds between two of its statements. The owner of one that was only frozen gets an error and decides again.
 */
import type { Mongo } from './client.ts';

/** Idle time between two statements of a transaction, after which its owner counts as terminated. */
const abandonedAfterMicros = 3_000_000;

/** Returns how many it aborted. Sees only the transactions of this service's own database user, which needs no privilege. */
export async function abortAbandonedTransactions({ client }: Pick<Mongo, 'client'>): Promise<number> {
  const admin = client.db('admin');
  const abandoned = await admin
    .aggregate(
      [
        { $currentOp: { allUsers: false, idleSessions: true } },
        { $match: { type: 'idleSession', 'transaction.timeInactiveMicros': { $gt: abandonedAfterMicros } } },
        { $project: { lsid: 1 } },
      ],
      { readConcern: { level: 'local' } },
    )
    .toArray();
  if (abandoned.length > 0) {
    await admin.command({ killSessions: abandoned.map(({ lsid }) => ({ id: (lsid as { id: unknown }).id })) });
  }
  return abandoned.length;
}
