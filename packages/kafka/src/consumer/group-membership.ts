/**
 * Being a member of a consumer group, on kafkajs: joining, joining again after every failure, leaving in order. What must
 * be known of kafkajs for that stands here.
 */
import type { Consumer, ConsumerConfig, ConsumerCrashEvent, EachBatchHandler, IMemberAssignment, Kafka } from 'kafkajs';
import { backoffMs, wait, within, type Backoff, type Logger } from '@order-pipeline/resilience';

export interface MembershipOptions {
  readonly kafka: Kafka;
  readonly consumerGroup: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly joinBackoff: Backoff;
  readonly eachBatch: EachBatchHandler;
  readonly logger: Logger;
  readonly onSignOfLife: () => void;
  readonly onJoin: (assignment: IMemberAssignment) => void;
  /** kafkajs has given up permanently. */
  readonly onFatal: (error: Error) => void;
}

export type MembershipState = 'never joined' | 'member' | 'disconnected';

const maxFetchWaitMs = 250;
const maxBytesPerPartition = 256 * 1024;
const maxBytesPerFetch = 4 * 1024 * 1024;
/** More than the partitions of all topics of a group: each takes part in the batches, none waits for another's. */
const partitionsConsumedConcurrently = 256;
const joinLimitMs = 5_000;
const joinAgainMs = 500;

const consumerConfig = (
  { consumerGroup, sessionTimeoutMs }: MembershipOptions,
  leaving: AbortSignal,
): ConsumerConfig => ({
  groupId: consumerGroup,
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: Math.floor(sessionTimeoutMs / 4),
  maxWaitTimeInMs: maxFetchWaitMs,
  maxBytesPerPartition,
  maxBytes: maxBytesPerFetch,
  allowAutoTopicCreation: false,
  // kafkajs' defaults change under NODE_ENV=test, and the client's own settings do not reach consumers: all are named.
  retry: {
    initialRetryTime: 200,
    maxRetryTime: 2_000,
    factor: 0.2,
    multiplier: 2,
    retries: 8,
    restartOnFailure: async () => !leaving.aborted,
  },
});

/** When no broker answers in the moment in which a member asks for its group's coordinator, kafkajs would give up permanently. */
const isRetryableCrash = (error: Error): boolean =>
  error.name === 'KafkaJSGroupCoordinatorNotFound' || (error.cause instanceof Error && isRetryableCrash(error.cause));

export class GroupMembership {
  readonly #options: MembershipOptions;
  readonly #consumer: Consumer;
  readonly #leaving = new AbortController();
  #state: MembershipState = 'never joined';
  /** Pending while kafkajs joins the group, at first and after a crash. */
  #joining = Promise.withResolvers<void>();
  /** Pending while kafkajs cannot be started. */
  #starting: Promise<void> = Promise.resolve();

  constructor(options: MembershipOptions) {
    const { onSignOfLife } = options;
    this.#options = options;
    this.#consumer = options.kafka.consumer(consumerConfig(options, this.#leaving.signal));
    this.#consumer.on('consumer.fetch', onSignOfLife);
    this.#consumer.on('consumer.heartbeat', onSignOfLife);
    this.#consumer.on('consumer.rebalancing', onSignOfLife);
    this.#consumer.on('consumer.group_join', ({ payload }) => this.#joined(payload.memberAssignment));
    this.#consumer.on('consumer.crash', ({ payload }) => this.#crashed(payload));
  }

  get state(): MembershipState {
    return this.#state;
  }

  /** Joins in the background, for as long as that takes. */
  join(): void {
    this.#startAfter(Promise.resolve());
  }

  /** Waits until `eachBatch` has returned, and leaves the group; joins no group after that. */
  async leave(): Promise<void> {
    this.#leaving.abort(new Error('the consumer is leaving its group'));
    // kafkajs cannot stop a consumer that is just joining: it would forget it, and an idle member would keep partitions.
    const joined = this.#starting.then(() => this.#joining.promise);
    await within(joinLimitMs, joined, () => new Error('still joining')).catch(() => undefined);
    await this.#consumer.disconnect();
    this.#state = 'disconnected';
  }

  #startAfter(delay: Promise<void>): void {
    this.#starting = delay
      .then(() => this.#start())
      .catch((error: unknown) => {
        if (this.#leaving.signal.aborted) this.#joining.resolve();
        else this.#options.onFatal(error as Error);
      });
  }

  async #start(): Promise<void> {
    const { topics, logger, onSignOfLife, joinBackoff } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#connectAndRun();
        return;
      } catch (error) {
        if (this.#leaving.signal.aborted) break;
        onSignOfLife();
        if (attempt === 0) logger.warn({ err: error, topics }, 'Kafka or its topics are not there yet, retrying');
        await wait(backoffMs(joinBackoff, attempt), this.#leaving.signal).catch(() => undefined);
      }
    }
    this.#joining.resolve();
  }

  async #connectAndRun(): Promise<void> {
    const { topics, eachBatch } = this.#options;
    await this.#consumer.connect();
    this.#leaving.signal.throwIfAborted();
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
    this.#leaving.signal.throwIfAborted();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently,
      eachBatch,
    });
  }

  #joined(assignment: IMemberAssignment): void {
    this.#options.onSignOfLife();
    this.#state = 'member';
    // kafkajs counts as running only when this turn is over.
    setImmediate(this.#joining.resolve);
    this.#options.onJoin(assignment);
  }

  #crashed({ error, restart: restarts }: ConsumerCrashEvent['payload']): void {
    const { logger, consumerGroup, onSignOfLife, onFatal } = this.#options;
    onSignOfLife();
    this.#joining.resolve();
    if (this.#leaving.signal.aborted) return;
    if (!restarts && !isRetryableCrash(error)) {
      onFatal(error);
      return;
    }
    this.#joining = Promise.withResolvers();
    // Once for an outage, which may have many crashes.
    const log = this.#state === 'member' ? logger.warn.bind(logger) : logger.debug.bind(logger);
    log({ err: error, consumer_group: consumerGroup }, 'lost the connection to Kafka, joining again');
    if (this.#state === 'member') this.#state = 'disconnected';
    if (!restarts) this.#startAfter(wait(joinAgainMs, this.#leaving.signal));
  }
}
