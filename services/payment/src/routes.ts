import { z } from 'zod';
import { decimalFromMinor, orderIdSchema } from '@order-pipeline/events';
import { notFound, route, type Route } from '@order-pipeline/http';
import type { Payment } from './payment.ts';
import type { PaymentRepository } from './payment-repository.ts';

const paymentSchema = z
  .object({
    order_id: z.uuid(),
    amount: z.number(),
    status: z.enum(['COMPLETED', 'DECLINED', 'REFUNDING', 'REFUNDED']),
    timestamp: z.iso.datetime(),
    reason: z.string().optional().describe('Why it was declined or refunded.'),
  })
  .meta({ id: 'Payment' });

const pageSchema = z
  .object({ items: z.array(paymentSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'PaymentPage' });

const paymentView = ({ _id, amount_minor, status, timestamp, reason }: Payment): z.output<typeof paymentSchema> => ({
  order_id: _id,
  amount: decimalFromMinor(amount_minor),
  status,
  timestamp,
  ...(reason === undefined ? {} : { reason }),
});

export function createPaymentRoutes(repository: PaymentRepository): Route[] {
  const get = route({
    method: 'GET',
    path: '/payments/{order_id}',
    operationId: 'getPayment',
    summary: 'The payment of an order',
    params: z.object({ order_id: orderIdSchema }),
    responses: { 200: { description: 'The payment.', schema: paymentSchema }, 404: { description: 'No payment yet.' } },
    async handle({ params }) {
      const payment = await repository.find(params.order_id);
      if (!payment) throw notFound(`There is no payment for the order ${params.order_id}`);
      return { status: 200, body: paymentView(payment) };
    },
  });

  const list = route({
    method: 'GET',
    path: '/payments',
    operationId: 'listPayments',
    summary: 'Payments, of the newest orders first',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      cursor: orderIdSchema.optional().describe('next_cursor of the page before.'),
    }),
    responses: { 200: { description: 'A page of payments.', schema: pageSchema } },
    async handle({ query }) {
      const payments = await repository.list({ after: query.cursor, limit: query.limit });
      const next = payments.length === query.limit ? payments.at(-1)!._id : null;
      return { status: 200, body: { items: payments.map(paymentView), next_cursor: next } };
    },
  });

  return [list, get];
}
