/** The connection settings of kafkajs in one place, with the defaults that it needs to behave (see docs/adr/0003). */
import { Kafka, logLevel, type KafkaConfig, type LogEntry } from 'kafkajs';
import { topics as allTopics, type TopicEntry } from '@order-pipeline/events';

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
}

/** kafkajs computes negative timer delays on current Node (tulios/kafkajs#1751). Harmless, and only this one is silenced. */
function silenceNegativeTimeouts(): void {
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = ((...args: unknown[]) => {
    if (args[1] !== 'TimeoutNegativeWarning') emitWarning(...args);
  }) as typeof process.emitWarning;
}
silenceNegativeTimeouts();

export function createKafka({ brokers, clientId, ssl, sasl }: KafkaSettings, logger: Logger): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    // Few and short: above it stands a loop of ours that backs off for as long as an outage lasts.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    // What kafkajs reports is a step of its own retries; the line that counts is logged where we decide.
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => {
      const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry.log;
      logger.debug({ ...fields, kafkajs: entry.namespace }, message);
    },
  });
}

/** Creates the topics that are missing, explicitly and with their partitions; existing ones stay as they are. */
export async function ensureTopics(
  kafka: Kafka,
  { topics = allTopics, replicationFactor = 1 }: { topics?: readonly TopicEntry[]; replicationFactor?: number } = {},
): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic.name));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map((topic) => ({
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor,
          configEntries: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
        })),
      });
    }
    return missing.map((topic) => topic.name);
  } finally {
    await admin.disconnect();
  }
}
