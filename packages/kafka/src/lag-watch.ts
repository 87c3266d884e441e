/**
 * A consumer learns how far it is behind from the chunks that it commits; while none is committed, as in an outage, from
 * nothing. So the offsets themselves are looked at now and then, one look at a time, whatever the chunks do.
 */
import type { Gauge } from 'prom-client';
import type { GroupLagReader } from './group-lag.ts';
import { wait } from '@order-pipeline/resilience';

export interface LagWatchOptions {
  readonly lagReader: GroupLagReader;
  readonly consumerGroup: string;
  /** The partitions by topic that this member has now: the others are for their owners to tell. */
  readonly assignment: () => Readonly<Record<string, readonly number[]>>;
  readonly lag: Gauge<'topic' | 'partition'>;
  readonly everyMs: number;
}

/** Until the signal is aborted. */
export async function watchLag(options: LagWatchOptions, signal: AbortSignal): Promise<void> {
  const { lagReader, consumerGroup, assignment, lag, everyMs } = options;
  const look = async (topic: string): Promise<void> => {
    const lags = await lagReader.lagByPartition(consumerGroup, topic);
    for (const partition of assignment()[topic] ?? []) {
      lag.set({ topic, partition }, Math.max(0, Number(lags.get(partition) ?? 0n)));
    }
  };

  while (!signal.aborted) {
    await wait(everyMs, signal).catch(() => undefined);
    for (const topic of Object.keys(assignment())) {
      // A look fails where Kafka is away: the gauge keeps what it had, and /readyz says why.
      if (!signal.aborted) await look(topic).catch(() => undefined);
    }
  }
}
