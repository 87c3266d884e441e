import type { Kafka } from 'kafkajs';
import { createOnDemandAdmin } from './on-demand-admin.ts';

export interface GroupLagReader {
  /** Records of the topic that the group has not committed; a partition without a commit counts from its start. */
  lagOf(consumerGroup: string, topic: string): Promise<bigint>;
  /** The same for each partition. */
  lagByPartition(consumerGroup: string, topic: string): Promise<Map<number, bigint>>;
  stop(): Promise<void>;
}

export function createGroupLagReader(kafka: Kafka): GroupLagReader {
  const { ask, stop } = createOnDemandAdmin(kafka);
  const lagByPartition = (consumerGroup: string, topic: string): Promise<Map<number, bigint>> =>
    ask(async (admin) => {
      const [ends, [committed]] = await Promise.all([
        admin.fetchTopicOffsets(topic),
        admin.fetchOffsets({ groupId: consumerGroup, topics: [topic] }),
      ]);
      const next = new Map(committed?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      return new Map(
        ends.map(({ partition, high, low }) => {
          const offset = next.get(partition) ?? -1n;
          return [partition, BigInt(high) - (offset < 0n ? BigInt(low) : offset)];
        }),
      );
    });
  return {
    async lagOf(consumerGroup, topic) {
      const lags = await lagByPartition(consumerGroup, topic);
      return [...lags.values()].reduce((sum, lag) => sum + lag, 0n);
    },
    lagByPartition,
    stop,
  };
}
