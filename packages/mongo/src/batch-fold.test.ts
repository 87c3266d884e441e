import { describe, expect, test } from '@jest/globals';
import { factOf, sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import type { ReceivedEvent } from '@order-pipeline/events';
import type { Change, Versioned } from './versioned-documents.ts';
import { foldBatch, type Decision } from './batch-fold.ts';
import { storeInMemory } from '../test/store-in-memory.ts';

/** A document that records facts, and whose decision returns each fact as its outcome. */
interface Diary extends Versioned {
  readonly facts: readonly string[];
  readonly readBy?: string;
}

const orderA = '018f8c1e-7a00-7000-8000-00000000000a';
const orderB = '018f8c1e-7a00-7000-8000-00000000000b';
const [a, b] = [sampleEvents(orderA), sampleEvents(orderB)];
const received = (...events: PipelineEvent[]): ReceivedEvent[] =>
  events.map((event, index) => ({ event, topic: event.type, partition: 0, offset: String(index) }));
const factsOf = (events: readonly PipelineEvent[]): string[] =>
  events.map((event) => `${event.data.order_id.at(-1)} ${factOf(event)}`);

const record = (diary: Diary | undefined, { event }: ReceivedEvent): Decision<Diary> => {
  const fact = factOf(event);
  if (event.type === 'order_cancelled') return { outcome: 'ignored', why: 'cancellations are not recorded' };
  if (diary?.facts.includes(fact)) return { outcome: 'repeated', events: [event] };
  const known = diary ?? { _id: event.data.order_id, version: 0, facts: [] };
  return { outcome: 'accepted', document: { ...known, facts: [...known.facts, fact] }, events: [event] };
};

describe('a batch', () => {
  test('is one load and one write, however many events it has', async () => {
    const store = storeInMemory<Diary>();
    await foldBatch(received(a.paid, b.paid, a.reserved, b.reserved, a.shipped), { store, decide: record });
    expect(store.calls).toEqual([
      { operation: 'load', ids: [orderA, orderB] },
      { operation: 'save', ids: [orderA, orderB] },
    ]);
    expect(store.documents.get(orderA)).toMatchObject({
      version: 1,
      facts: ['payment_processed:COMPLETED', 'inventory_updated:RESERVED', 'shipment_processed:SHIPPED'],
    });
  });

  test('is folded in the order of its events', async () => {
    const seen: string[] = [];
    const decide = (diary: Diary | undefined, event: ReceivedEvent): Decision<Diary> => {
      seen.push(`${diary?.facts.length ?? 0} ${factOf(event.event)}`);
      return record(diary, event);
    };
    await foldBatch(received(a.reserved, a.paid, a.shipped), { store: storeInMemory<Diary>(), decide });
    expect(seen).toEqual([
      '0 inventory_updated:RESERVED',
      '1 payment_processed:COMPLETED',
      '2 shipment_processed:SHIPPED',
    ]);
  });

  test('counts a duplicate once: one effect, one outcome', async () => {
    const store = storeInMemory<Diary>();
    const outcomes = await foldBatch(received(a.paid, a.paid, b.paid, a.paid), { store, decide: record });
    expect(factsOf(outcomes)).toEqual(['a payment_processed:COMPLETED', 'b payment_processed:COMPLETED']);
    expect(store.documents.get(orderA)).toMatchObject({ version: 1, facts: ['payment_processed:COMPLETED'] });
  });

  test('of duplicates writes nothing and returns their outcomes again', async () => {
    const store = storeInMemory<Diary>([{ _id: orderA, version: 3, facts: ['payment_processed:COMPLETED'] }]);
    const outcomes = await foldBatch(received(a.paid), { store, decide: record });
    expect(factsOf(outcomes)).toEqual(['a payment_processed:COMPLETED']);
    expect(store.calls.map(({ operation }) => operation)).toEqual(['load']);
    expect(store.documents.get(orderA)?.version).toBe(3);
  });

  test('of ignored events writes nothing and returns no outcome', async () => {
    const store = storeInMemory<Diary>();
    expect(await foldBatch(received(a.cancelling), { store, decide: record })).toEqual([]);
    expect(store.calls.map(({ operation }) => operation)).toEqual(['load']);
    expect(store.documents.size).toBe(0);
  });

  test('reports its changes after they are written', async () => {
    const changes: Change<Diary>[] = [];
    const store = storeInMemory<Diary>([{ _id: orderB, version: 1, facts: ['payment_processed:COMPLETED'] }]);
    const onSaved = (saved: readonly Change<Diary>[]): void => {
      expect(store.documents.has(orderA)).toBe(true);
      changes.push(...saved);
    };
    await foldBatch(received(a.paid, b.paid), { store, decide: record, onSaved });
    expect(changes).toMatchObject([{ before: undefined, after: { _id: orderA } }]);
  });
});

describe('a conflict', () => {
  test('is decided again on what the winner wrote, and nothing is published for the losing decision', async () => {
    const store = storeInMemory<Diary>();
    store.beforeSave((documents) => documents.set(orderA, { _id: orderA, version: 1, facts: ['another:WRITER'] }));
    const events = (diary: Diary | undefined): PipelineEvent[] =>
      diary?.facts.includes('another:WRITER') ? [a.shipped] : [a.reserved];
    const outcomes = await foldBatch(received(a.paid), {
      store,
      decide: (diary, event) => {
        const decision = record(diary, event);
        return decision.outcome === 'accepted' ? { ...decision, events: events(diary) } : decision;
      },
    });
    expect(factsOf(outcomes)).toEqual(['a shipment_processed:SHIPPED']);
    expect(store.documents.get(orderA)).toEqual({
      _id: orderA,
      version: 2,
      facts: ['another:WRITER', 'payment_processed:COMPLETED'],
    });
  });

  test('with a replica that has the same event ends as a duplicate', async () => {
    const store = storeInMemory<Diary>();
    store.beforeSave((documents) =>
      documents.set(orderA, { _id: orderA, version: 1, facts: ['payment_processed:COMPLETED'] }),
    );
    const outcomes = await foldBatch(received(a.paid), { store, decide: record });
    expect(factsOf(outcomes)).toEqual(['a payment_processed:COMPLETED']);
    expect(store.documents.get(orderA)?.version).toBe(1);
  });

  test('concerns only its own orders: the others are neither read nor written again', async () => {
    const store = storeInMemory<Diary>();
    store.beforeSave((documents) => documents.set(orderB, { _id: orderB, version: 1, facts: [] }));
    const saved: string[][] = [];
    const onSaved = (changes: readonly Change<Diary>[]): void => void saved.push(changes.map(({ after }) => after._id));
    const outcomes = await foldBatch(received(a.paid, b.paid), { store, decide: record, onSaved });
    expect(store.calls.slice(2)).toEqual([
      { operation: 'load', ids: [orderB] },
      { operation: 'save', ids: [orderB] },
    ]);
    expect(saved).toEqual([[orderA], [orderB]]);
    expect(factsOf(outcomes)).toEqual(['a payment_processed:COMPLETED', 'b payment_processed:COMPLETED']);
  });

  test('that repeats without end is an outage, and no event is to blame', async () => {
    const store = storeInMemory<Diary>();
    const alwaysConflicting = { ...store, save: async () => new Set([orderA]) };
    await expect(foldBatch(received(a.paid), { store: alwaysConflicting, decide: record })).rejects.toMatchObject({
      outage: true,
    });
  });
});

describe('an error', () => {
  test('of one decision leaves the whole batch unwritten', async () => {
    const store = storeInMemory<Diary>();
    const decide = (diary: Diary | undefined, event: ReceivedEvent): Decision<Diary> => {
      if (event.event.data.order_id === orderB) throw new Error('cannot be decided');
      return record(diary, event);
    };
    await expect(foldBatch(received(a.paid, b.paid), { store, decide })).rejects.toThrow('cannot be decided');
    expect(store.documents.size).toBe(0);
  });

  test('of the store is thrown', async () => {
    const store = { ...storeInMemory<Diary>(), load: async () => Promise.reject(new Error('no primary')) };
    await expect(foldBatch(received(a.paid), { store, decide: record })).rejects.toThrow('no primary');
  });
});

describe('a write', () => {
  test('keeps what another writer sets in fields that no decision changed', async () => {
    const store = storeInMemory<Diary>([{ _id: orderA, version: 1, facts: [] }]);
    store.beforeSave((documents) => documents.set(orderA, { ...documents.get(orderA)!, readBy: 'the relay' }));
    await foldBatch(received(a.paid), { store, decide: record });
    expect(store.documents.get(orderA)).toEqual({
      _id: orderA,
      version: 2,
      facts: ['payment_processed:COMPLETED'],
      readBy: 'the relay',
    });
  });
});
