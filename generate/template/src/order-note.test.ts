import { expect, test } from '@jest/globals';
import { everyService, factOf, sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import { decide, type OrderNote } from './order-note.ts';

const consumes: readonly string[] = everyService.shipment.consumes;
const events = Object.values<PipelineEvent>(sampleEvents()).filter(({ type }) => consumes.includes(type));
const now = new Date('2024-05-18T12:00:00.000Z');

/** What is known after these events. */
const after = (known: readonly PipelineEvent[]): OrderNote | undefined =>
  known.reduce<OrderNote | undefined>((orderNote, event) => {
    const decision = decide(orderNote, event, now);
    return decision.outcome === 'accepted' ? decision.document : orderNote;
  }, undefined);

test('keeps each fact of an order once, whatever arrives again', () => {
  expect(after([...events, ...events])).toEqual({
    _id: sampleOrderId,
    version: 0,
    facts: events.map(factOf),
    created_at: now,
  });
});

test.each(events)('publishes nothing for $type $data.status', (event) => {
  expect(decide(undefined, event, now)).toMatchObject({ outcome: 'accepted', events: [] });
  expect(decide(after([event]), event, now)).toEqual({ outcome: 'repeated', events: [] });
});
