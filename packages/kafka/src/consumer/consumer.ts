/**
 * A member of a consumer group: fetch → batch → decode → decide → store → publish → commit. Offsets are committed only
 * after the batch's effects are durable and its outcomes acknowledged. A batch that cannot be finished, because the
 * membership was lost, is left to the next owner of its partitions, whose decisions are fenced by the database.
 */
import type { EachBatchPayload, IMemberAssignment } from 'kafkajs';
import { wait } from '@order-pipeline/resilience';
import { lingerMs } from '../linger.ts';
import { startCountersAtZero } from '../metrics.ts';
import { OutageWait } from '../middleware/outage-wait.ts';
import { withTimer } from '../middleware/timer.ts';
import { createBatchProcessor } from './batch-processor.ts';
import type { ProcessBatch } from './batch.ts';
import { Batcher } from './batcher.ts';
import { healthOf, isAlive, type ConsumerHealth, type ConsumerObservation } from './consumer-health.ts';
import {
  defaultConsumerSettings,
  type ConsumerOptions,
  type ConsumerSettings,
  type RunningConsumer,
} from './consumer-options.ts';
import { GroupMembership } from './group-membership.ts';
import { withHeartbeats } from './heartbeats.ts';
import { watchLag } from './lag-watch.ts';
import { nextOffsets, recordsOf, sizeOf, type Slice } from './slice.ts';

const batchTargetMs = 500;
const drainLimitMs = 5_000;
const outageBackoff = { firstMs: 100, maxMs: 2_000 };

export function startConsumer(options: ConsumerOptions): RunningConsumer {
  const consumer = new Consumer(options, { ...defaultConsumerSettings, ...options.settings });
  consumer.start();
  return consumer;
}

class Consumer implements RunningConsumer {
  readonly #options: ConsumerOptions;
  readonly #settings: ConsumerSettings;
  readonly #membership: GroupMembership;
  readonly #outages: OutageWait;
  readonly #batcher: Batcher<Slice>;
  readonly #process: ProcessBatch;
  readonly #stopping = new AbortController();
  /** Ends every wait of the batch in flight, which is then left to the next owner of its partitions. */
  readonly #abandon = new AbortController();
  #assignment: IMemberAssignment = {};
  #fatal: Error | undefined;
  #lastSignOfLifeMs = performance.now();
  /** Follows the last batch; one that is half full is large enough without it. */
  #linger: Promise<void> | undefined;
  /** When one partition's batch fails, the others stop too, so that the group is joined again at once. */
  #hasFailed = false;
  #fetchesInFlight = 0;

  constructor(options: ConsumerOptions, settings: ConsumerSettings) {
    const { metrics, logger } = options;
    const onSignOfLife = (): void => this.#noteSignOfLife();
    this.#options = options;
    this.#settings = settings;
    this.#outages = new OutageWait({ backoff: outageBackoff, logger, onSignOfLife });
    this.#process = createBatchProcessor({ ...options, outages: this.#outages, maxAttempts: settings.maxAttempts });
    this.#batcher = new Batcher<Slice>({
      sizeOf,
      process: withTimer(metrics.batchSeconds, (slices: readonly Slice[]) => this.#processBatch(slices)),
      maxSize: settings.maxBatchSize,
      targetMs: batchTargetMs,
    });
    this.#membership = new GroupMembership({
      ...options,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      joinBackoff: outageBackoff,
      eachBatch: (payload) => this.#onFetched(payload),
      onSignOfLife,
      onJoin: (assignment) => this.#onJoin(assignment),
      onFatal: (error) => this.#onFatal(error),
    });
  }

  start(): void {
    const { topics, metrics, lagReader, consumerGroup } = this.#options;
    startCountersAtZero(metrics, topics);
    metrics.askOutage(() => this.health().status === 'degraded');
    this.#membership.join();
    if (lagReader === undefined) return;
    const everyMs = this.#settings.lagEveryMs;
    const assignment = () => this.#assignment;
    void watchLag({ lagReader, consumerGroup, assignment, lag: metrics.lag, everyMs }, this.#stopping.signal);
  }

  /** fetch: kafkajs delivers the records of one partition, of many partitions at once. They go into batches in slices. */
  async #onFetched(payload: EachBatchPayload): Promise<void> {
    this.#fetchesInFlight += 1;
    try {
      await this.#submitSlices(payload);
      // kafkajs fetches again when all partitions are done: what arrives meanwhile is fetched together.
      if (!this.#stopping.signal.aborted) await this.#linger;
    } catch (error) {
      this.#hasFailed = true;
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
      this.#fetchesInFlight -= 1;
      if (this.#fetchesInFlight === 0) this.#hasFailed = false;
    }
  }

  /** batch: a slice shares its batch with slices of other partitions; the next one follows when it is processed. */
  async #submitSlices(payload: EachBatchPayload): Promise<void> {
    const { messages, topic, partition } = payload.batch;
    const { oldestInFlightMs } = this.#options.metrics;
    const mayGoOn = (): boolean => payload.isRunning() && !this.#hasFailed && !this.#stopping.signal.aborted;
    try {
      for (let next = 0; next < messages.length && mayGoOn();) {
        oldestInFlightMs.set(`${topic}:${partition}`, Number(messages[next]!.timestamp));
        const slice = { payload, messages: messages.slice(next, next + this.#batcher.size) };
        if (!(await this.#batcher.submit(slice))) break;
        next += slice.messages.length;
      }
    } finally {
      oldestInFlightMs.delete(`${topic}:${partition}`);
    }
  }

  /** decode → decide → store → publish → commit, for one batch at a time. */
  async #processBatch(slices: readonly Slice[]): Promise<void> {
    const { commitOffsetsIfNecessary, heartbeat } = slices[0]!.payload;
    await withHeartbeats(
      () => heartbeat().then(() => this.#noteSignOfLife()),
      async (membershipLost) => {
        const signal = AbortSignal.any([this.#abandon.signal, this.#outages.gaveUp, membershipLost]);
        await this.#process({ records: recordsOf(slices), signal });
        await commitOffsetsIfNecessary({ topics: nextOffsets(slices) });
        this.#noteCommitted(slices);
      },
    );
  }

  #noteCommitted(slices: readonly Slice[]): void {
    const { metrics } = this.#options;
    const events = slices.reduce((sum, slice) => sum + sizeOf(slice), 0);
    this.#linger = events < this.#settings.maxBatchSize / 2 ? wait(lingerMs(events)) : undefined;
    for (const { payload, messages } of slices) {
      const { topic, partition, highWatermark } = payload.batch;
      const last = messages.at(-1)!.offset;
      payload.resolveOffset(last);
      metrics.consumed.inc({ topic }, messages.length);
      metrics.lag.set({ topic, partition }, Math.max(0, Number(BigInt(highWatermark) - BigInt(last) - 1n)));
    }
    this.#noteSignOfLife();
  }

  #noteSignOfLife(): void {
    this.#lastSignOfLifeMs = performance.now();
  }

  #onJoin(assignment: IMemberAssignment): void {
    const { metrics, logger, consumerGroup } = this.#options;
    this.#assignment = assignment;
    metrics.rebalances.inc();
    metrics.lag.reset();
    logger.info({ consumer_group: consumerGroup, assignment }, 'joined the consumer group');
  }

  #onFatal(error: Error): void {
    this.#fatal = error;
    this.#options.onFatal(error);
  }

  async stop(): Promise<void> {
    const reason = new Error('the consumer is stopping');
    this.#stopping.abort(reason);
    this.#batcher.close();
    this.#outages.giveUp(reason);
    const limit = setTimeout(() => this.#abandon.abort(reason), drainLimitMs);
    await this.#membership.leave();
    clearTimeout(limit);
  }

  health(): ConsumerHealth {
    return healthOf(this.#observe());
  }

  isAlive(): boolean {
    return isAlive(this.#observe());
  }

  #observe(): ConsumerObservation {
    return {
      consumerGroup: this.#options.consumerGroup,
      fatal: this.#fatal,
      membership: this.#membership.state,
      outage: this.#outages.outage,
      silentMs: performance.now() - this.#lastSignOfLifeMs,
    };
  }
}
