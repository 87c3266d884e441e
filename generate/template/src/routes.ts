import { z } from 'zod';
import { orderIdSchema } from '@order-pipeline/events';
import { listRoute, notFound, route, type Route } from '@order-pipeline/http';
import type { OrderNote } from './order-note.ts';
import type { OrderNoteRepository } from './order-note-repository.ts';

const orderNoteSchema = z
  .object({ order_id: z.uuid(), facts: z.array(z.string()), created_at: z.iso.datetime() })
  .meta({ id: 'OrderNote' });

const orderNoteView = ({ _id, facts, created_at }: OrderNote): z.output<typeof orderNoteSchema> => ({
  order_id: _id,
  facts: [...facts],
  created_at: created_at.toISOString(),
});

export const createOrderNoteRoutes = (repository: Pick<OrderNoteRepository, 'find' | 'list'>): Route[] => [
  listRoute({
    path: '/order-note',
    operationId: 'listOrderNote',
    summary: 'List what the order-note service knows, newest orders first',
    page: { id: 'OrderNotePage', description: 'A page.' },
    item: orderNoteSchema,
    key: orderIdSchema,
    read: (page) => repository.list(page),
    view: orderNoteView,
  }),
  route({
    method: 'GET',
    path: '/order-note/{order_id}',
    operationId: 'getOrderNote',
    summary: 'Get what the order-note service knows of an order',
    params: z.object({ order_id: orderIdSchema }),
    responses: {
      200: { description: 'What it knows.', schema: orderNoteSchema },
      404: { description: 'Nothing yet.' },
    },
    async handle({ params }) {
      const orderNote = await repository.find(params.order_id);
      if (!orderNote) throw notFound(`The order-note service knows nothing of the order ${params.order_id}`);
      return { status: 200, body: orderNoteView(orderNote) };
    },
  }),
];
