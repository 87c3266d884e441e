/**
 * The outbox: an event waits in the document whose change caused it, written in the same write, until the relay has
 * published it. The process that wrote it hands it to its relay in memory; a sweep finds what a crash left behind, by a
 * partial index that holds only documents with waiting events.
 */
import { Gauge, type Registry } from 'prom-client';
import { eventId, factOf, type PipelineEvent } from '@order-pipeline/events';
import { lingerMs, type PublishedAt, type Publisher } from '@order-pipeline/kafka';
import { backoffMs, isOutage, PeriodicTask, wait, type Logger } from '@order-pipeline/resilience';
import type { DocumentCollection } from '@order-pipeline/mongo';
import type { WithOutbox } from './outbox-entry.ts';

export interface RelayEdges {
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Called when publishing fails for another reason than an outage. */
  fail(error: unknown): void;
}

export interface RelayOptions {
  readonly collection: DocumentCollection;
  /** Documents with unpublished events, from which on `isFull` is true; without a limit it never is. */
  readonly maxPending?: number;
  /** Age from which the sweep publishes an entry: longer than a relay normally takes. */
  readonly sweepAfterMs: number;
}

const maxBatch = 500;
/** Events kept in memory; beyond it the sweep reads them from the database, oldest first. */
const maxQueued = 10_000;
const sweepEveryMs = 1_000;
const stopWithinMs = 3_000;
const publishBackoff = { firstMs: 50, maxMs: 2_000 };
/** In the form of the partial index: a query uses it only when it asks for no more than the index holds. */
const hasEntries = { 'outbox.at': { $gt: new Date(0) } };

export class Relay {
  readonly name = 'outbox relay';
  readonly #edges: RelayEdges;
  readonly #collection: DocumentCollection;
  readonly #maxPending: number;
  readonly #sweepAfterMs: number;
  readonly #pendingGauge: Gauge;
  readonly #ageGauge: Gauge;
  readonly #sweeping: PeriodicTask;
  readonly #stopping = new AbortController();
  readonly #queue: PipelineEvent[] = [];
  /** Ids of the events that are queued or being published. */
  readonly #inFlight = new Set<string>();
  /** Documents with unpublished events, as of the last sweep and the events since. */
  #pending = 0;
  #relaying: Promise<void> | undefined;
  #clearing: Promise<void> = Promise.resolve();

  constructor(edges: RelayEdges, { collection, maxPending = Number.MAX_SAFE_INTEGER - 1, sweepAfterMs }: RelayOptions) {
    this.#edges = edges;
    this.#collection = collection;
    this.#maxPending = maxPending;
    this.#sweepAfterMs = sweepAfterMs;
    const registers = [edges.registry];
    this.#pendingGauge = new Gauge({
      name: 'outbox_pending_documents',
      help: 'Documents with unpublished events.',
      registers,
    });
    this.#ageGauge = new Gauge({
      name: 'outbox_oldest_age_seconds',
      help: 'Age of the oldest unpublished event.',
      registers,
    });
    this.#sweeping = new PeriodicTask({
      name: 'outbox sweep',
      everyMs: sweepEveryMs,
      run: () => this.#sweep(),
      logger: edges.logger,
    });
  }

  /** Creates the index and starts to sweep: what an earlier process left behind comes first. */
  async start(): Promise<void> {
    await this.#collection.createIndex(
      { 'outbox.at': 1 },
      { name: 'outbox_waiting', partialFilterExpression: hasEntries },
    );
    this.#sweeping.start();
  }

  /** Takes over events that were just written to a document's outbox. */
  push(events: readonly PipelineEvent[]): void {
    for (const event of events) {
      if (this.#queue.length >= maxQueued || this.#inFlight.has(eventId(event))) continue;
      this.#inFlight.add(eventId(event));
      this.#queue.push(event);
    }
    this.#pending += events.length;
    this.#relaying ??= this.#relayQueued().finally(() => (this.#relaying = undefined));
  }

  isFull(): boolean {
    return this.#pending >= this.#maxPending;
  }

  /** Publishes what is queued, for a bounded time; the rest stays in the database for the next start. */
  async stop(): Promise<void> {
    const limit = setTimeout(() => this.#stopping.abort(), stopWithinMs);
    await this.#relaying;
    clearTimeout(limit);
    this.#stopping.abort();
    await Promise.all([this.#clearing, this.#sweeping.stop()]);
  }

  async #relayQueued(): Promise<void> {
    const { publisher, logger, fail } = this.#edges;
    const { signal } = this.#stopping;
    // The orders of one group commit are handed over one by one, in one turn of the event loop: they go together.
    await new Promise(setImmediate);
    for (let failures = 0; this.#queue.length > 0 && !signal.aborted;) {
      const batch = this.#queue.slice(0, maxBatch);
      try {
        const publishedAt = await publisher.publish(batch);
        this.#queue.splice(0, batch.length);
        failures = 0;
        // The next batch does not wait until this one is cleared.
        this.#clearing = this.#clearing.then(() => this.#clear(batch, publishedAt));
        if (batch.length < maxBatch) await wait(lingerMs(batch.length), signal).catch(() => undefined);
      } catch (error) {
        if (!isOutage(error)) {
          fail(error);
          return;
        }
        const queued = this.#queue.length;
        if (failures === 0) logger.warn({ err: error, queued }, 'cannot publish, the outbox keeps the events');
        await wait(backoffMs(publishBackoff, failures), signal).catch(() => undefined);
        failures += 1;
      }
    }
  }

  /** Removes exactly the entries that were published. Not confirmed by a majority: a rollback only republishes them. */
  async #clear(batch: readonly PipelineEvent[], publishedAt: readonly PublishedAt[]): Promise<void> {
    const operations = batch.map((event, index) => {
      const fact = factOf(event);
      const update = { $pull: { outbox: { fact } } as object, $set: { [`published.${fact}`]: publishedAt[index]! } };
      return { updateOne: { filter: { _id: event.data.order_id }, update } };
    });
    try {
      await this.#collection.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } });
      this.#pending = Math.max(0, this.#pending - batch.length);
    } catch (error) {
      const fields = { err: error, events: batch.length };
      this.#edges.logger.warn(fields, 'published events were not cleared from the outbox and will be republished');
    } finally {
      for (const event of batch) this.#inFlight.delete(eventId(event));
    }
  }

  async #sweep(): Promise<void> {
    const [oldest] = await this.#find(hasEntries, 1);
    const limit = this.#maxPending + 1;
    const pending = oldest ? await this.#collection.countDocuments(hasEntries, { limit }) : 0;
    this.#pending = pending;
    this.#pendingGauge.set(pending);
    const oldestAt = Math.min(...(oldest?.outbox ?? []).map(({ at }) => at.getTime()));
    this.#ageGauge.set(oldest ? Math.max(0, (Date.now() - oldestAt) / 1_000) : 0);
    if (!oldest || this.#queue.length >= maxBatch) return;
    const overdue = { 'outbox.at': { ...hasEntries['outbox.at'], $lte: new Date(Date.now() - this.#sweepAfterMs) } };
    const left = await this.#find(overdue, maxBatch);
    const events = left.flatMap(({ outbox }) => (outbox ?? []).map(({ event }) => event));
    const missed = events.filter((event) => !this.#inFlight.has(eventId(event)));
    if (missed.length === 0) return;
    this.#edges.logger.info({ events: missed.length }, 'the sweep found events that were not published');
    this.#pending -= missed.length;
    this.push(missed);
  }

  #find(filter: object, limit: number): Promise<WithOutbox[]> {
    const options = { sort: { 'outbox.at': 1 }, limit, projection: { outbox: 1 } } as const;
    return this.#collection.find<WithOutbox>(filter, options).toArray();
  }
}
