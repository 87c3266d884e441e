import { expect, test } from '@jest/globals';
import { everyService, factOf, sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import { decide, type OrderNote } from './order-note.ts';

const consumes: readonly string[] = everyService.shipment.consumes;
const events = Object.values<PipelineEvent>(sampleEvents()).filter(({ type }) => consumes.includes(type));
const now = new Date('2024-05-18T12:00:00.000Z');
const later = new Date('2024-05-18T12:00:05.000Z');
const outcome = {
  type: 'order_cancelled',
  data: { order_id: sampleOrderId, status: 'CANCELLING', timestamp: now.toISOString() },
};

/** What is known after these events, and what was published for them. */
function after(known: readonly PipelineEvent[]): { orderNote: OrderNote | undefined; published: PipelineEvent[] } {
  let orderNote: OrderNote | undefined;
  const published: PipelineEvent[] = [];
  for (const event of known) {
    const decision = decide(orderNote, event, now);
    if (decision.outcome === 'accepted') orderNote = decision.document;
    if (decision.outcome !== 'ignored') published.push(...decision.events);
  }
  return { orderNote, published };
}

test('keeps each fact of an order once, and publishes one event for the first of them', () => {
  const { orderNote, published } = after(events);
  expect(orderNote).toMatchObject({ _id: sampleOrderId, version: 0, facts: events.map(factOf), outcome });
  expect(published).toEqual([outcome]);
});

test('publishes the stored event again when the fact that caused it is redelivered', () => {
  const { orderNote } = after(events);
  expect(decide(orderNote, events[0]!, later)).toEqual({ outcome: 'repeated', events: [outcome] });
});

test('passes the trace of the event on to its outcome', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(decide(undefined, { ...events[0]!, traceparent }, now)).toMatchObject({ events: [{ traceparent }] });
});
