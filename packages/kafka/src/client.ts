/** The connection settings of kafkajs in one place, with the defaults that it needs to behave (see docs/adr/0003). */
import kafkajs, { Kafka, logLevel, type LogEntry, type Mechanism } from 'kafkajs';
import type { Logger } from '@order-pipeline/resilience';
import { builtInAuthenticator, patchKafkajs } from './kafkajs-internals.ts';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: KafkaTls | undefined;
  readonly login?: KafkaLogin | undefined;
}

export interface KafkaTls {
  /** Called for each connection. PEM of the authorities whose certificates are accepted; undefined: those that Node knows. */
  ca(): string | undefined;
}

export interface KafkaLogin {
  readonly mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain';
  readonly username: string;
  /** Called for each connection, so that a rotated password is used from the next connection on. */
  password(): string;
}

patchKafkajs();

const rereadingTls = (tls: KafkaTls): object => ({
  get ca() {
    return tls.ca();
  },
});

/**
 * kafkajs takes any failed login for final, also one that a broker's shutdown interrupted, and a consumer would stop
 * permanently. Here it is a lost connection, which is retried: a rotated password arrives at the broker a little later.
 */
const rereadingLogin = ({ mechanism, username, password }: KafkaLogin): Mechanism => ({
  mechanism,
  authenticationProvider: (connection) => ({
    async authenticate() {
      try {
        await builtInAuthenticator(mechanism, { username, password: password() }, connection).authenticate();
      } catch (error) {
        const broker = `${connection.host}:${connection.port}`;
        throw new kafkajs.KafkaJSConnectionError((error as Error).message, { broker });
      }
    },
  }),
});

export function createKafka({ brokers, clientId, tls, login }: KafkaSettings, logger: Logger): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    // Few and short: our own loops above it back off for as long as an outage lasts.
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    ...(tls === undefined ? {} : { ssl: rereadingTls(tls) }),
    ...(login === undefined ? {} : { sasl: rereadingLogin(login) }),
    // What kafkajs reports is a step of its own retries; we log where we decide.
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => {
      const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry.log;
      logger.debug({ ...fields, kafkajs: entry.namespace }, message);
    },
  });
}
