import type { Kafka } from 'kafkajs';
import { createGroupObserver, type PartitionRange } from './group-observer.ts';

/** Every call rejects with an OutageError where Kafka cannot be asked. */
export interface GroupLagReader {
  /** Records of the topic that the group has not committed. */
  lagOf(consumerGroup: string, topic: string): Promise<bigint>;
  /** The same for each partition. */
  lagByPartition(consumerGroup: string, topic: string): Promise<Map<number, bigint>>;
  stop(): Promise<void>;
}

/** Records of the partition after the committed offset; without a commit all that are kept. */
export const lagOfPartition = (
  { low, end }: Pick<PartitionRange, 'low' | 'end'>,
  committed: bigint | undefined,
): bigint => end - (committed ?? low);

export function createGroupLagReader(kafka: Kafka): GroupLagReader {
  const observer = createGroupObserver(kafka);
  const lagByPartition = async (consumerGroup: string, topic: string): Promise<Map<number, bigint>> => {
    const [ranges, committed] = await Promise.all([observer.ranges(topic), observer.committed(consumerGroup, [topic])]);
    const offsets = committed.get(topic);
    return new Map(ranges.map((range) => [range.partition, lagOfPartition(range, offsets?.get(range.partition))]));
  };
  return {
    async lagOf(consumerGroup, topic) {
      const lags = await lagByPartition(consumerGroup, topic);
      return [...lags.values()].reduce((sum, lag) => sum + lag, 0n);
    },
    lagByPartition,
    stop: observer.stop,
  };
}
