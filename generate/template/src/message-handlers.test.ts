import { expect, test } from '@jest/globals';
import { everyService, factOf, sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import { storeInMemory } from '../../../packages/mongo/test/store-in-memory.ts';
import { createOrderNoteHandler } from './message-handlers.ts';
import type { OrderNote } from './order-note.ts';

const consumes: readonly string[] = everyService.shipment.consumes;
const batch = Object.values<PipelineEvent>(sampleEvents())
  .filter(({ type }) => consumes.includes(type))
  .map((event, index) => ({ event, topic: event.type, partition: 0, offset: String(index) }));

test('stores what a batch says of an order in one write', async () => {
  const store = storeInMemory<OrderNote>();
  await createOrderNoteHandler({ store })(batch);
  expect(store.documents.get(sampleOrderId)).toMatchObject({
    version: 1,
    facts: batch.map(({ event }) => factOf(event)),
  });
});

test('publishes the same outcomes for a redelivered batch, and writes nothing', async () => {
  const store = storeInMemory<OrderNote>();
  const handle = createOrderNoteHandler({ store });
  const outcomes = await handle(batch);
  expect(await handle(batch)).toEqual(outcomes);
  expect(store.documents.get(sampleOrderId)).toMatchObject({ version: 1 });
});
