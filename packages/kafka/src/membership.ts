/**
 * Being a member of a consumer group, on kafkajs: joining, coming back after every failure, leaving in order. What has to
 * be known of kafkajs for that stands here.
 */
import type { EachBatchHandler, IMemberAssignment, Kafka } from 'kafkajs';
import type { Logger } from '@order-pipeline/resilience';
import { backoffMs, wait, within, type Backoff } from '@order-pipeline/resilience';

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
  /** kafkajs has given up for good. */
  readonly onFatal: (error: Error) => void;
}

export interface Membership {
  /** Waits for `eachBatch` to come to its end, and leaves the group; takes part in no group after that. */
  leave(): Promise<void>;
  state(): 'never joined' | 'member' | 'away';
}

const maxFetchWaitMs = 250;
const maxBytesPerPartition = 256 * 1024;
const maxBytesPerFetch = 4 * 1024 * 1024;
/** More than the partitions of all topics of a group: every one takes part in the chunks, none waits for another's batch. */
const partitionsConsumedConcurrently = 256;
const joinLimitMs = 5_000;
const joinAgainMs = 500;

/** When no broker answers in the moment in which a member asks for its group's coordinator, kafkajs would give up for good. */
const isOutageAfterAll = (error: Error): boolean =>
  error.name === 'KafkaJSGroupCoordinatorNotFound' || (error.cause instanceof Error && isOutageAfterAll(error.cause));

export function joinGroup(options: MembershipOptions): Membership {
  const { consumerGroup, topics, logger, onSignOfLife } = options;
  const leaving = new AbortController();
  let state: 'never joined' | 'member' | 'away' = 'never joined';
  /** Pending while kafkajs is on its way into the group, in the beginning and after a crash. */
  let joining = Promise.withResolvers<void>();

  const consumer = options.kafka.consumer({
    groupId: consumerGroup,
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: Math.floor(options.sessionTimeoutMs / 4),
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
      restartOnFailure: async () => !leaving.signal.aborted,
    },
  });
  consumer.on('consumer.fetch', onSignOfLife);
  consumer.on('consumer.heartbeat', onSignOfLife);
  consumer.on('consumer.rebalancing', onSignOfLife);
  consumer.on('consumer.group_join', ({ payload }) => {
    onSignOfLife();
    state = 'member';
    // It counts as running only when this turn is over.
    setImmediate(joining.resolve);
    options.onJoin(payload.memberAssignment);
  });
  consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
    onSignOfLife();
    joining.resolve();
    if (leaving.signal.aborted) return;
    if (!restart && !isOutageAfterAll(error)) {
      options.onFatal(error);
      return;
    }
    joining = Promise.withResolvers();
    // Once for an outage, which may have many crashes.
    const log = state === 'member' ? logger.warn.bind(logger) : logger.debug.bind(logger);
    log({ err: error, consumer_group: consumerGroup }, 'lost the connection to Kafka, joining again');
    if (state === 'member') state = 'away';
    if (!restart) begun = wait(joinAgainMs, leaving.signal).then(begin).catch(giveUp);
  });

  const begin = async (): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await consumer.connect();
        leaving.signal.throwIfAborted();
        await consumer.subscribe({ topics: [...topics], fromBeginning: true });
        leaving.signal.throwIfAborted();
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently,
          eachBatch: options.eachBatch,
        });
        return;
      } catch (error) {
        if (leaving.signal.aborted) break;
        onSignOfLife();
        if (attempt === 0) logger.warn({ err: error, topics }, 'Kafka or its topics are not there yet, trying on');
        await wait(backoffMs(options.joinBackoff, attempt), leaving.signal).catch(() => undefined);
      }
    }
    joining.resolve();
  };
  const giveUp = (error: unknown): void => {
    if (leaving.signal.aborted) joining.resolve();
    else options.onFatal(error as Error);
  };
  let begun = begin().catch(giveUp);

  return {
    async leave() {
      leaving.abort(new Error('the consumer is leaving its group'));
      // kafkajs cannot stop a consumer that is just joining: it would forget it, and a member that does nothing would hold
      // its partitions.
      const joined = begun.then(() => joining.promise);
      await within(joinLimitMs, joined, () => new Error('still joining')).catch(() => undefined);
      await consumer.disconnect();
      state = 'away';
    },
    state: () => state,
  };
}
