import { expect, test } from '@jest/globals';
import { sampleOrderId } from '@order-pipeline/events';
import { createMongo } from '@order-pipeline/mongo';
import { quietLogger } from '@order-pipeline/resilience';
import { useMongo } from '../../../tests/support/engines.ts';
import type { OrderNote } from './order-note.ts';
import { OrderNoteRepository } from './order-note-repository.ts';

const on = useMongo();

test('stores a document under the id of its order, finds it and lists it', async () => {
  const mongo = createMongo(on.uri, 'order_note_db', quietLogger);
  await mongo.start();
  try {
    const repository = new OrderNoteRepository(mongo.db);
    const document = { _id: sampleOrderId, version: 0, facts: [], created_at: new Date() } as unknown as OrderNote;
    expect(await repository.store.save([{ before: undefined, after: document }])).toEqual(new Set());
    const stored = { ...document, version: 1 };
    expect(await repository.find(sampleOrderId)).toEqual(stored);
    expect(await repository.list({ limit: 10, after: undefined })).toEqual([stored]);
    expect(await repository.list({ limit: 10, after: sampleOrderId })).toEqual([]);
  } finally {
    await mongo.stop();
  }
});
