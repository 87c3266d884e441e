import type { Kafka } from 'kafkajs';
import { createOnDemandAdmin } from './on-demand-admin.ts';

export interface GroupLagReader {
  /** Records of the topic that the group has not committed; a partition without a commit counts from its start. */
  lagOf(consumerGroup: string, topic: string): Promise<bigint>;
  stop(): Promise<void>;
}

export function createGroupLagReader(kafka: Kafka): GroupLagReader {
  const { ask, stop } = createOnDemandAdmin(kafka);
  return {
    lagOf: (consumerGroup, topic) =>
      ask(async (admin) => {
        const [ends, [committed]] = await Promise.all([
          admin.fetchTopicOffsets(topic),
          admin.fetchOffsets({ groupId: consumerGroup, topics: [topic] }),
        ]);
        const next = new Map(committed?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
        return ends.reduce((sum, { partition, high, low }) => {
          const offset = next.get(partition) ?? -1n;
          return sum + BigInt(high) - (offset < 0n ? BigInt(low) : offset);
        }, 0n);
      }),
    stop,
  };
}
