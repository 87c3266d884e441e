/**
 * The outbox: events wait in the document whose change they tell of, written in the same write, until the relay has
 * published them. What was just written is handed over in memory; what a crash left behind, the sweep finds by a partial
 * index that holds only documents with something waiting.
 */
import { Gauge, type Registry } from 'prom-client';
import { factOf, type PipelineEvent } from '@order-pipeline/events';
import { lingerMs, type PublishedAt, type Publisher } from '@order-pipeline/kafka';
import { backoffMs, isOutage, wait, type Logger } from '@order-pipeline/resilience';
import type { DocumentCollection } from '@order-pipeline/mongo';

export interface OutboxEntry {
  /** Which fact it is, `<type>:<status>`: what the relay pulls by. */
  readonly fact: string;
  readonly at: Date;
  readonly event: PipelineEvent;
}

export interface WithOutbox {
  readonly _id: string;
  readonly outbox?: readonly OutboxEntry[];
  /** Where the events of this document landed, by fact. */
  readonly published?: Readonly<Record<string, PublishedAt>>;
}

export const outboxEntry = (event: PipelineEvent, at: Date): OutboxEntry => ({ fact: factOf(event), at, event });

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

export interface Relay {
  readonly name: string;
  /** Creates the index and starts relaying; what an earlier run left behind comes first. */
  start(): Promise<void>;
  /** Takes over events that were just written to a document's outbox. */
  push(events: readonly PipelineEvent[]): void;
  isFull(): boolean;
  /** Publishes what is in hand, for a bounded time; the rest stays in the database for the next start. */
  stop(): Promise<void>;
}

const maxBatch = 500;
/** Entries kept in memory; beyond it the sweep takes them from the database, oldest first. */
const maxQueued = 10_000;
const sweepEveryMs = 1_000;
const stopWithinMs = 3_000;
const publishBackoff = { firstMs: 50, maxMs: 2_000 };

const keyOf = (event: PipelineEvent): string => `${event.data.order_id}:${factOf(event)}`;

export function createRelay(
  { publisher, logger, registry, fail }: RelayEdges,
  { collection, maxPending = Number.MAX_SAFE_INTEGER - 1, sweepAfterMs }: RelayOptions,
): Relay {
  const queue: PipelineEvent[] = [];
  const inHand = new Set<string>();
  const stopping = new AbortController();
  let depth = 0;
  let relaying: Promise<void> | undefined;
  let clearing: Promise<void> = Promise.resolve();
  let sweeping: Promise<void> = Promise.resolve();

  const depthGauge = new Gauge({
    name: 'outbox_pending_documents',
    help: 'Documents with unpublished events.',
    registers: [registry],
  });
  const ageGauge = new Gauge({
    name: 'outbox_oldest_age_seconds',
    help: 'Age of the oldest unpublished event.',
    registers: [registry],
  });

  const push = (events: readonly PipelineEvent[]): void => {
    for (const event of events) {
      if (queue.length >= maxQueued || inHand.has(keyOf(event))) continue;
      inHand.add(keyOf(event));
      queue.push(event);
    }
    depth += events.length;
    relaying ??= relayQueued().finally(() => (relaying = undefined));
  };

  async function relayQueued(): Promise<void> {
    // The orders of one group commit are handed over one by one, in one turn of the event loop: they go together.
    await new Promise(setImmediate);
    for (let failures = 0; queue.length > 0 && !stopping.signal.aborted;) {
      const batch = queue.slice(0, maxBatch);
      try {
        const publishedAt = await publisher.publish(batch);
        queue.splice(0, batch.length);
        failures = 0;
        // The next batch does not wait for this one to be cleared.
        clearing = clearing.then(() => clear(batch, publishedAt));
        if (batch.length < maxBatch) await wait(lingerMs(batch.length), stopping.signal).catch(() => undefined);
      } catch (error) {
        if (!isOutage(error)) {
          fail(error);
          return;
        }
        if (failures === 0)
          logger.warn({ err: error, queued: queue.length }, 'cannot publish, the outbox keeps the events');
        await wait(backoffMs(publishBackoff, failures), stopping.signal).catch(() => undefined);
        failures += 1;
      }
    }
  }

  /** Pulls exactly what was published. Not awaited by a majority: if it is rolled back, the event is told twice. */
  async function clear(batch: readonly PipelineEvent[], publishedAt: readonly PublishedAt[]): Promise<void> {
    const operations = batch.map((event, index) => {
      const fact = factOf(event);
      const update = { $pull: { outbox: { fact } } as object, $set: { [`published.${fact}`]: publishedAt[index]! } };
      return { updateOne: { filter: { _id: event.data.order_id }, update } };
    });
    try {
      await collection.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } });
      depth = Math.max(0, depth - batch.length);
    } catch (error) {
      logger.warn(
        { err: error, events: batch.length },
        'published events could not be cleared, they will be told again',
      );
    } finally {
      for (const event of batch) inHand.delete(keyOf(event));
    }
  }

  const find = (filter: object, limit: number): Promise<WithOutbox[]> =>
    collection.find<WithOutbox>(filter, { sort: { 'outbox.at': 1 }, limit, projection: { outbox: 1 } }).toArray();

  async function sweep(): Promise<void> {
    const waiting = { 'outbox.at': { $gt: new Date(0) } };
    const [oldest] = await find(waiting, 1);
    const count = oldest ? await collection.countDocuments(waiting, { limit: maxPending + 1 }) : 0;
    depth = count;
    depthGauge.set(count);
    const oldestAt = Math.min(...(oldest?.outbox ?? []).map(({ at }) => at.getTime()));
    ageGauge.set(oldest ? Math.max(0, (Date.now() - oldestAt) / 1_000) : 0);
    if (!oldest || queue.length >= maxBatch) return;
    // Both bounds, because a query uses a partial index only if it asks for no more than the index holds.
    const overdue = { 'outbox.at': { $gt: new Date(0), $lte: new Date(Date.now() - sweepAfterMs) } };
    const left = await find(overdue, maxBatch);
    const events = left.flatMap(({ outbox }) => (outbox ?? []).map(({ event }) => event));
    const missed = events.filter((event) => !inHand.has(keyOf(event)));
    if (missed.length === 0) return;
    logger.info({ events: missed.length }, 'the sweep found events that were not published');
    depth -= missed.length;
    push(missed);
  }

  async function sweepForever(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sweep().catch((error: unknown) => {
        if (isOutage(error)) logger.debug({ err: error }, 'cannot sweep the outbox now');
        else logger.error({ err: error }, 'the sweep of the outbox failed');
      });
      await wait(sweepEveryMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    name: 'outbox relay',
    async start() {
      await collection.createIndex(
        { 'outbox.at': 1 },
        { name: 'outbox_waiting', partialFilterExpression: { 'outbox.at': { $gt: new Date(0) } } },
      );
      sweeping = sweepForever();
    },
    push,
    isFull: () => depth >= maxPending,
    async stop() {
      const limit = setTimeout(() => stopping.abort(), stopWithinMs);
      await relaying;
      clearTimeout(limit);
      stopping.abort();
      await Promise.all([clearing, sweeping]);
    },
  };
}
