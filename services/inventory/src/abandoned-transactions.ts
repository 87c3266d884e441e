/**
 * A process that dies within a transaction leaves it open on the server, with the stock locked, until the server's own
 * limit (a minute by default). Whoever keeps losing races ends such transactions: none of ours rests between two of its
 * statements for seconds. The owner of one that was frozen, not dead, is told so and decides again.
 */
import type { Mongo } from '@order-pipeline/mongo';

/** Rest between two statements of a transaction, after which its owner is taken for gone. */
const abandonedAfterMicros = 3_000_000;

/** Answers how many were ended. Sees the transactions of this service's own database user only, which needs no privilege. */
export async function endAbandonedTransactions({ client }: Pick<Mongo, 'client'>): Promise<number> {
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
