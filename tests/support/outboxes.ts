/** Documents with an outbox, and relays over them, in the test's own process. */
import { afterEach } from '@jest/globals';
import { Registry } from '@order-pipeline/runtime';
import type { PipelineEvent } from '@order-pipeline/events';
import { createKafka, createMessagingMetrics, createPublisher, type Publisher } from '@order-pipeline/kafka';
import type { DocumentCollection } from '@order-pipeline/mongo';
import { outboxEntry, Relay, type RelayOptions } from '@order-pipeline/outbox';
import { quietLogger } from '@order-pipeline/resilience';
import type { TestKafka } from './engines.ts';

export interface TestRelay {
  readonly relay: Relay;
  readonly registry: Registry;
  readonly fatal: readonly Error[];
}

/** Starts relays, and stops them after the test. */
export function useRelays(kafka: TestKafka) {
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  }, 30_000);

  return async function startRelay(
    collection: DocumentCollection,
    options: Partial<Pick<RelayOptions, 'maxPending' | 'sweepAfterMs'>> & {
      around?: (own: Publisher) => Pick<Publisher, 'publish'>;
    } = {},
  ): Promise<TestRelay> {
    const client = createKafka({ brokers: [kafka.bootstrapServers], clientId: 'relay' }, quietLogger);
    const publisher = createPublisher(client, createMessagingMetrics(new Registry()));
    const registry = new Registry();
    const fatal: Error[] = [];
    const relay = new Relay(
      {
        publisher: options.around?.(publisher) ?? publisher,
        logger: quietLogger,
        registry,
        fail: (error) => void fatal.push(error as Error),
      },
      {
        collection,
        maxPending: options.maxPending ?? 1_000,
        // Long: the relay publishes at once what a test pushes, without the sweep.
        sweepAfterMs: options.sweepAfterMs ?? 3_600_000,
      },
    );
    running.push({ stop: () => relay.stop().then(() => publisher.stop()) });
    await relay.start();
    return { relay, registry, fatal };
  };
}

/** Stores a document with these events in its outbox, as of `ageMs` ago. */
export async function store(
  collection: DocumentCollection,
  events: readonly PipelineEvent[],
  ageMs = 0,
): Promise<void> {
  const at = new Date(Date.now() - ageMs);
  const _id = events[0]!.data.order_id;
  await collection.insertOne({ _id, version: 1, outbox: events.map((event) => outboxEntry(event, at)) });
}
