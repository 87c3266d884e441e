/**
 * A member of a consumer group, on kafkajs. Offsets are committed only after the chunk's effects are durable and its
 * outcomes acknowledged; a chunk that cannot be finished because the membership was lost is left to the next owner,
 * whose decisions are fenced by the database.
 */
import type { EachBatchPayload, IMemberAssignment, Kafka, KafkaMessage } from 'kafkajs';
import type { EventType } from '@order-pipeline/events';
import type { MessageSpans } from '@order-pipeline/tracing';
import { ChunkCollector } from './chunk-collector.ts';
import { createChunkProcessor, type Handler } from './chunk-processor.ts';
import { deadLetterKinds } from './dead-letter.ts';
import type { GroupLagReader } from './group-lag.ts';
import type { Logger } from '@order-pipeline/resilience';
import { watchLag } from './lag-watch.ts';
import type { MessagingMetrics } from './metrics.ts';
import { joinGroup } from './membership.ts';
import { wait } from '@order-pipeline/resilience';
import type { Publisher } from './publisher.ts';
import { lingerMs } from './linger.ts';

export interface ConsumerSettings {
  readonly sessionTimeoutMs: number;
  /** Most events in one chunk. */
  readonly maxChunkSize: number;
  /** Tries of an event that fails alone, before it is dead-lettered. */
  readonly maxAttempts: number;
  /** Between two looks at how far the group is behind. */
  readonly lagEveryMs: number;
}

export const defaultConsumerSettings: ConsumerSettings = {
  sessionTimeoutMs: 10_000,
  maxChunkSize: 1_000,
  maxAttempts: 3,
  lagEveryMs: 10_000,
};

export interface ConsumerOptions {
  readonly kafka: Kafka;
  readonly consumerGroup: string;
  readonly topics: readonly EventType[];
  readonly handler: Handler;
  readonly publisher: Publisher;
  readonly isOutage: (error: unknown) => boolean;
  readonly logger: Logger;
  readonly metrics: MessagingMetrics;
  /** Of the caller's, who also stops it; without it the lag is known from committed chunks alone. */
  readonly lagReader?: GroupLagReader;
  readonly spans?: MessageSpans | undefined;
  readonly settings?: Partial<ConsumerSettings>;
  /** Called once when the consumer is beyond help; the process should drain and exit. */
  readonly onFatal: (error: Error) => void;
}

export interface ConsumerHealth {
  readonly status: 'starting' | 'up' | 'degraded' | 'down';
  readonly detail?: string;
}

export interface RunningConsumer {
  /** Finishes the chunk in hand, commits, leaves the group. */
  stop(): Promise<void>;
  health(): ConsumerHealth;
  /** False when nothing has moved for so long, fetches and heartbeats included, that only a restart can help. */
  isAlive(): boolean;
}

interface Slice {
  readonly payload: EachBatchPayload;
  readonly messages: readonly KafkaMessage[];
}

const chunkTargetMs = 500;
const heartbeatTickMs = 1_000;
const drainLimitMs = 5_000;
const silenceBeforeDeadMs = 120_000;
/** An idle member fetches four times a second, a busy one sends a heartbeat each second. */
const silenceBeforeAwayMs = 5_000;
const outageBackoff = { firstMs: 100, maxMs: 2_000 };

export function startConsumer(options: ConsumerOptions): RunningConsumer {
  const { kafka, consumerGroup, topics, logger, metrics } = options;
  const settings = { ...defaultConsumerSettings, ...options.settings };
  /** Aborts every wait: work in hand is then left to the next owner of its partitions. */
  const abandon = new AbortController();
  let stopping = false;
  let outage: string | undefined;
  let dead: Error | undefined;
  let lastSignOfLifeMs = performance.now();
  // A counter that begins with its first event hides that event from whoever asks how much it rose.
  for (const topic of topics) {
    metrics.consumed.inc({ topic }, 0);
    for (const kind of deadLetterKinds) metrics.deadLettered.inc({ topic, kind }, 0);
  }
  const alive = (): void => void (lastSignOfLifeMs = performance.now());

  const onOutage = (error: Error | undefined): void => {
    alive();
    if (error && outage === undefined) logger.warn({ err: error }, 'waiting for an outage to end');
    if (!error && outage !== undefined) logger.info({}, 'the outage is over');
    outage = error?.message;
    if (error && stopping) abandon.abort(error);
  };

  const processChunk = createChunkProcessor({
    ...options,
    maxAttempts: settings.maxAttempts,
    retryBackoff: { firstMs: 50, maxMs: 1_000 },
    outageBackoff,
    onOutage,
  });

  const collector = new ChunkCollector<Slice>({
    sizeOf: (slice) => slice.messages.length,
    run: runChunk,
    maxSize: settings.maxChunkSize,
    targetMs: chunkTargetMs,
  });

  async function runChunk(slices: readonly Slice[]): Promise<void> {
    const stopTimer = metrics.batchSeconds.startTimer();
    const { commitOffsetsIfNecessary, heartbeat } = slices[0]!.payload;
    // There is no background heartbeat in kafkajs. One that fails says that the membership is lost.
    const lost = new AbortController();
    const beat = setInterval(() => heartbeat().then(alive, (error: unknown) => lost.abort(error)), heartbeatTickMs);
    try {
      await processChunk(
        slices.flatMap(({ payload: { batch }, messages }) =>
          messages.map((message) => ({ topic: batch.topic, partition: batch.partition, message })),
        ),
        AbortSignal.any([abandon.signal, lost.signal]),
      );
      await commitOffsetsIfNecessary({ topics: nextOffsets(slices) });
      const events = slices.reduce((sum, { messages }) => sum + messages.length, 0);
      rested = events < settings.maxChunkSize / 2 ? wait(lingerMs(events)) : undefined;
      for (const { payload, messages } of slices) {
        const { topic, partition, highWatermark } = payload.batch;
        const last = messages.at(-1)!.offset;
        payload.resolveOffset(last);
        metrics.consumed.inc({ topic }, messages.length);
        metrics.lag.set({ topic, partition }, Math.max(0, Number(BigInt(highWatermark) - BigInt(last) - 1n)));
      }
      alive();
      // Chunks are shorter than a tick: else a member with a backlog would not hear that its group waits for it to rejoin.
      await heartbeat().then(alive, (error: unknown) => lost.abort(error));
    } finally {
      clearInterval(beat);
      stopTimer();
    }
    if (lost.signal.aborted) throw lost.signal.reason;
  }

  /** The rest that the last chunk is followed by; one that is half full pays for itself. */
  let rested: Promise<void> | undefined;
  // When one partition's chunk fails, the others stop as well, so that the group is rejoined at once.
  let inWork = 0;
  let failed = false;
  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { messages, topic, partition } = payload.batch;
    const { oldestInHandMs } = metrics;
    inWork += 1;
    try {
      for (let next = 0; next < messages.length && payload.isRunning() && !failed && !stopping;) {
        oldestInHandMs.set(`${topic}:${partition}`, Number(messages[next]!.timestamp));
        const slice = messages.slice(next, next + collector.size);
        if (!(await collector.submit({ payload, messages: slice }))) break;
        next += slice.length;
      }
      oldestInHandMs.delete(`${topic}:${partition}`);
      // kafkajs fetches again when all partitions are done: what comes meanwhile is fetched together.
      if (!stopping) await rested;
    } catch (error) {
      failed = true;
      if (!stopping) throw error;
    } finally {
      oldestInHandMs.delete(`${topic}:${partition}`);
      inWork -= 1;
      if (inWork === 0) failed = false;
    }
  }

  const membership = joinGroup({
    kafka,
    consumerGroup,
    topics,
    sessionTimeoutMs: settings.sessionTimeoutMs,
    joinBackoff: outageBackoff,
    eachBatch,
    logger,
    onSignOfLife: alive,
    onJoin(assignment) {
      assigned = assignment;
      metrics.rebalances.inc();
      metrics.lag.reset();
      logger.info({ consumer_group: consumerGroup, assignment }, 'joined the consumer group');
    },
    onFatal(error) {
      dead = error;
      options.onFatal(error);
    },
  });

  let assigned: IMemberAssignment = {};
  const endOfWatch = new AbortController();
  const watching = { consumerGroup, assignment: () => assigned, lag: metrics.lag, everyMs: settings.lagEveryMs };
  if (options.lagReader) void watchLag({ ...watching, lagReader: options.lagReader }, endOfWatch.signal);

  const health = (): ConsumerHealth => {
    if (dead) return { status: 'down', detail: dead.message };
    if (membership.state() === 'never joined') {
      return { status: 'starting', detail: `joining the consumer group ${consumerGroup}` };
    }
    if (outage !== undefined) return { status: 'degraded', detail: outage };
    if (membership.state() !== 'member') return { status: 'degraded', detail: 'Kafka is away' };
    const isSilent = performance.now() - lastSignOfLifeMs > silenceBeforeAwayMs;
    return isSilent ? { status: 'degraded', detail: 'Kafka does not answer' } : { status: 'up' };
  };
  metrics.askOutage(() => health().status === 'degraded');

  return {
    async stop() {
      stopping = true;
      endOfWatch.abort();
      collector.close();
      const tooLate = new Error('the consumer is stopping');
      if (outage !== undefined) abandon.abort(tooLate);
      const limit = setTimeout(() => abandon.abort(tooLate), drainLimitMs);
      await membership.leave();
      clearTimeout(limit);
    },
    health,
    isAlive: () => dead === undefined && performance.now() - lastSignOfLifeMs < silenceBeforeDeadMs,
  };
}

function nextOffsets(
  slices: readonly Slice[],
): { topic: string; partitions: { partition: number; offset: string }[] }[] {
  const byTopic = new Map<string, { partition: number; offset: string }[]>();
  for (const { payload, messages } of slices) {
    const { topic, partition } = payload.batch;
    const list = byTopic.get(topic) ?? [];
    list.push({ partition, offset: (BigInt(messages.at(-1)!.offset) + 1n).toString() });
    byTopic.set(topic, list);
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
}
