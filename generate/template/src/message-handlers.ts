import type { Handler } from '@order-pipeline/kafka';
import { foldBatch } from '@order-pipeline/mongo';
import { decide, type OrderNote } from './order-note.ts';
import type { OrderNoteRepository } from './order-note-repository.ts';

export const createOrderNoteHandler =
  ({ store }: Pick<OrderNoteRepository, 'store'>): Handler =>
  (events) =>
    foldBatch<OrderNote>(events, {
      store,
      decide: (orderNote, { event }) => decide(orderNote, event, new Date()),
    });
