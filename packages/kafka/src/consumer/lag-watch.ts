/**
 * A consumer learns its lag from the batches that it commits; while none is committed, as in an outage, from nothing. So
 * the offsets themselves are read at an interval, one read at a time, whether batches are committed or not.
 */
import type { Gauge } from 'prom-client';
import { wait } from '@order-pipeline/resilience';
import type { GroupLagReader } from '../readers/group-lag.ts';

export interface LagWatchOptions {
  readonly lagReader: GroupLagReader;
  readonly consumerGroup: string;
  /** The partitions by topic that this member has now; the lag of the others is their owners' to report. */
  readonly assignment: () => Readonly<Record<string, readonly number[]>>;
  readonly lag: Gauge<'topic' | 'partition'>;
  readonly everyMs: number;
}

/** Until the signal is aborted. */
export async function watchLag(options: LagWatchOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(options.everyMs, signal).catch(() => undefined);
    for (const topic of Object.keys(options.assignment())) {
      // A read fails where Kafka is unavailable: the gauge keeps its value, and /readyz says why.
      if (!signal.aborted) await readLag(options, topic).catch(() => undefined);
    }
  }
}

async function readLag({ lagReader, consumerGroup, assignment, lag }: LagWatchOptions, topic: string): Promise<void> {
  const lags = await lagReader.lagByPartition(consumerGroup, topic);
  for (const partition of assignment()[topic] ?? []) {
    lag.set({ topic, partition }, Math.max(0, Number(lags.get(partition) ?? 0n)));
  }
}
