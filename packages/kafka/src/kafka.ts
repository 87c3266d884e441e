/** The connection settings of kafkajs in one place, with the defaults that it needs to behave (see docs/adr/0003). */
import kafkajs, { Kafka, logLevel, type Admin, type LogEntry, type SASLOptions } from 'kafkajs';
import { topics as allTopics, type TopicEntry } from '@order-pipeline/events';
import type { Logger } from '@order-pipeline/resilience';
import { patchKafkajs } from './kafkajs-internals.ts';
import { backoffMs, wait } from '@order-pipeline/resilience';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: KafkaTls | undefined;
  readonly login?: KafkaLogin | undefined;
}

/** Asked for each connection, so that what was rotated is used from the next connection on. */
export interface KafkaTls {
  /** PEM of the authorities whose certificates are accepted; undefined: those that Node knows. */
  ca(): string | undefined;
}

export interface KafkaLogin {
  readonly mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain';
  readonly username: string;
  /** Asked for each connection, as above. */
  password(): string;
}

patchKafkajs();

export function createKafka({ brokers, clientId, tls, login }: KafkaSettings, logger: Logger): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    // Few and short: above it stands a loop of ours that backs off for as long as an outage lasts.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    ...(tls === undefined ? {} : { ssl: rereadingTls(tls) }),
    ...(login === undefined ? {} : { sasl: rereadingLogin(login) }),
    // What kafkajs reports is a step of its own retries; the line that counts is logged where we decide.
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => {
      const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry.log;
      logger.debug({ ...fields, kafkajs: entry.namespace }, message);
    },
  });
}

const rereadingTls = (tls: KafkaTls): object => ({
  get ca() {
    return tls.ca();
  },
});

interface Authenticator {
  authenticate(): Promise<void>;
}
type AuthenticatorProvider = (args: { readonly host: string; readonly port: number }) => Authenticator;

/**
 * kafkajs keeps the object that it is given, reads the password for each connection, and puts its own authenticator on it
 * at the first. It takes any failed login for final, also one that a dying broker interrupted, and a consumer would end
 * for good; here it is an outage, which passes: the password that was rotated arrives on the other side a little later.
 */
function rereadingLogin({ mechanism, username, password }: KafkaLogin): SASLOptions {
  let provider: AuthenticatorProvider | undefined;
  const login = {
    mechanism,
    username,
    get password() {
      return password();
    },
    get authenticationProvider() {
      return provider;
    },
    set authenticationProvider(builtIn: AuthenticatorProvider | undefined) {
      provider = builtIn && withRetriableFailure(builtIn);
    },
  };
  return login as SASLOptions;
}

function withRetriableFailure(provider: AuthenticatorProvider): AuthenticatorProvider {
  return (args) => ({
    async authenticate() {
      try {
        await provider(args).authenticate();
      } catch (error) {
        throw new kafkajs.KafkaJSConnectionError((error as Error).message, { broker: `${args.host}:${args.port}` });
      }
    },
  });
}

const leadersWithinMs = 30_000;
const leadersBackoff = { firstMs: 20, maxMs: 500 };

/**
 * Creates the topics that are missing, explicitly and with their partitions; existing ones stay as they are. When it
 * resolves, each partition has a leader.
 */
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
        // kafkajs' own wait gives up at a broker that has not heard of the topic yet, as one of several well may.
        waitForLeaders: false,
        topics: missing.map((topic) => ({
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor,
          configEntries: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
        })),
      });
    }
    const names = missing.map((topic) => topic.name);
    await untilLed(admin, names);
    return names;
  } finally {
    await admin.disconnect();
  }
}

const notLedYet = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);
/** What Kafka answered may be wrapped in what kafkajs says of its tries. */
const isNotLedYet = ({ type = '', cause }: { type?: string; cause?: unknown }): boolean =>
  notLedYet.has(type) || (cause instanceof Error && isNotLedYet(cause));

async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const deadlineMs = performance.now() + leadersWithinMs;
  const areLed = async (): Promise<boolean> => {
    const metadata = await admin.fetchTopicMetadata({ topics });
    return metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  };
  for (let attempt = 0; topics.length > 0; attempt += 1) {
    try {
      if (await areLed()) return;
    } catch (error) {
      if (!isNotLedYet(error as Error)) throw error;
    }
    if (performance.now() >= deadlineMs) {
      throw new Error(`the topics ${topics.join(', ')} have no leaders after ${leadersWithinMs / 1_000} s`);
    }
    await wait(backoffMs(leadersBackoff, attempt));
  }
}
