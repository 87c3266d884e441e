import { expect, test } from '@jest/globals';
import { sampleOrderId } from '@order-pipeline/events';
import type { Route } from '@order-pipeline/http';
import type { OrderNote } from './order-note.ts';
import { createOrderNoteRoutes } from './routes.ts';

const known = {
  _id: sampleOrderId,
  version: 1,
  facts: ['order_placed:PENDING'],
  created_at: new Date('2024-05-18T12:00:00.000Z'),
} as unknown as OrderNote;
const view = { order_id: sampleOrderId, facts: ['order_placed:PENDING'], created_at: '2024-05-18T12:00:00.000Z' };

const [list, get] = createOrderNoteRoutes({
  find: async (orderId) => (orderId === known._id ? known : undefined),
  list: async ({ after }) => (after === undefined ? [known] : []),
});
type Request = Parameters<Route['handle']>[0];
const request = (values: object): Request => values as Request;

test('returns what is known of an order, and 404 for an order that it does not know', async () => {
  expect(await get!.handle(request({ params: { order_id: sampleOrderId } }))).toEqual({ status: 200, body: view });
  await expect(async () => get!.handle(request({ params: { order_id: 'another' } }))).rejects.toMatchObject({
    status: 404,
  });
});

test('lists pages, each with the cursor of the next one', async () => {
  const page = (query: object) => list!.handle(request({ query }));
  expect(await page({ limit: 1 })).toEqual({ status: 200, body: { items: [view], next_cursor: sampleOrderId } });
  expect(await page({ limit: 1, cursor: sampleOrderId })).toEqual({
    status: 200,
    body: { items: [], next_cursor: null },
  });
});
