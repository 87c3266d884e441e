import { createKafka, type TopicReader } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { kafkaSecurity } from '@order-pipeline/service';
import { ToolError, type Terminal } from './command-line.ts';
import { connectionSettings, defaultDataDir, remedy } from './connection-settings.ts';

export interface KafkaConnection extends TopicReader {
  close(): Promise<void>;
}

/** Throws a ToolError when no broker responds, or one of another cluster than `npm start` keeps. */
export async function connectKafka(
  terminal: Pick<Terminal, 'env'>,
  dataDir: string = defaultDataDir,
): Promise<KafkaConnection> {
  const { config, clusterId } = connectionSettings(terminal, dataDir);
  const brokers = config.KAFKA_BOOTSTRAP_SERVERS;
  const kafka = createKafka({ brokers, clientId: 'tools', ...kafkaSecurity(config, 'tools') }, quietLogger);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const found = await admin.describeCluster();
    if (clusterId !== undefined && found.clusterId !== clusterId) {
      throw new Error(`another cluster, ${found.clusterId}, listens there`);
    }
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw new ToolError(
      `Kafka at ${brokers.join(',')} cannot be used (${(error as Error).message}); ${remedy('KAFKA_BOOTSTRAP_SERVERS')}.`,
    );
  }
  return { kafka, admin, groupPrefix: 'tools', close: () => admin.disconnect() };
}
