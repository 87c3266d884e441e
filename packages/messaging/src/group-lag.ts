import type { Admin, Kafka } from 'kafkajs';

export interface GroupLagReader {
  /** Records of the topic that the group has not committed; a partition without a commit counts from its start. */
  lagOf(consumerGroup: string, topic: string): Promise<bigint>;
  stop(): Promise<void>;
}

/** Connects when it is first asked, and anew after a failure. */
export function createGroupLagReader(kafka: Kafka): GroupLagReader {
  let connected: Promise<Admin> | undefined;
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  };
  return {
    async lagOf(consumerGroup, topic) {
      connected ??= connect();
      try {
        const admin = await connected;
        const [ends, [committed]] = await Promise.all([
          admin.fetchTopicOffsets(topic),
          admin.fetchOffsets({ groupId: consumerGroup, topics: [topic] }),
        ]);
        const next = new Map(committed?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
        return ends.reduce((sum, { partition, high, low }) => {
          const offset = next.get(partition) ?? -1n;
          return sum + BigInt(high) - (offset < 0n ? BigInt(low) : offset);
        }, 0n);
      } catch (error) {
        const failed = connected;
        connected = undefined;
        await failed.then((admin) => admin.disconnect()).catch(() => undefined);
        throw error;
      }
    },
    async stop() {
      await connected?.then((admin) => admin.disconnect()).catch(() => undefined);
    },
  };
}
